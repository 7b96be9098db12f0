"""A shop on a file system with no room left: shoppers are served, what cannot be kept is refused and not lost."""

import contextlib
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from config.settings import Settings
from indexer import worker
from indexer.check import check_index
from service.app import create_app
from service.runtime import Runtime
from service.store.edge_folder import MIN_FREE_BYTES
from service.store.tables import INTERACTION, PRODUCT
from tests.open_shop import open_shop

SHOPPERS = ("/v1/search?q=red+mug", "/v1/similar/lamp-1", "/v1/home?session=s1", "/v1/products/mug-1")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of our own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    size = MIN_FREE_BYTES + 320 * 2**20  # an empty index takes 190 MB of sparse files
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def shop(
    disk: Path, tmp_path: Path, settings_for: Callable[[Path], Settings], small_shop: Callable[[], list[Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Runtime]:  # fmt: skip
    monkeypatch.setattr(worker, "_LONGEST_PAUSE_S", 0.5)
    (tmp_path / "own.toml").write_text("[indexing]\npoll_ms = 50\n")
    settings = settings_for(disk / "shop").model_copy(update={"config_file": tmp_path / "own.toml"})
    with open_shop(settings, small_shop()) as runtime:
        yield runtime


def fill(disk: Path) -> Path:
    """A file that takes all the room there is, whatever else is written meanwhile."""
    ballast, taken = disk / "ballast", 0
    with ballast.open("wb") as file:
        for piece in (2**24, 2**16, 2**12):
            with contextlib.suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), taken, piece)
                    taken += piece
    assert taken
    return ballast


def wait_for(happens: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_without_any_room_shoppers_are_served_and_what_was_refused_is_kept_once_it_is_sent_again(
    disk: Path, shop: Runtime
) -> None:
    views = [{"session": "s1", "product": "lamp-1", "type": "view", "event_id": f"e{n}"} for n in range(40)]
    with TestClient(create_app(shop), raise_server_exceptions=False) as client:
        assert client.post("/v1/events", json=views[0]).json()["recorded"] == 1
        ballast = fill(disk)
        events = [client.post("/v1/events", json=view) for view in views[1:]]
        products = [client.put(f"/v1/products/vase-{n}", json={"name": f"Vase {n}"}) for n in range(20)]
        served = Counter(client.get(path).status_code for path in SHOPPERS * 5)
        ready = client.get("/health/ready")
        assert served == {200: 20}
        assert (ready.status_code, ready.json()["parts"]["disk"]["state"]) == (503, "failed")
        refused = [answer for answer in (*events, *products) if answer.status_code != 200]
        assert refused
        for answer in refused:
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert "disk is full" in answer.json()["detail"], answer.text
        ballast.unlink()
        again = [client.post("/v1/events", json=view).json() for view in views]
        assert all(one["recorded"] + one["duplicates"] == 1 for one in again)
        kept = sum(answer.status_code == 200 for answer in events)
        assert sum(one["duplicates"] for one in again) == kept + 1
        assert all(client.put(f"/v1/products/vase-{n}", json={"name": f"Vase {n}"}).is_success for n in range(20))
        wait_for(lambda: client.get("/health/ready").status_code == 200)  # degraded: it still is a small disk
        wait_for(lambda: check_index(shop.database, shop.store).pending == 0)
    report = check_index(shop.database, shop.store)
    assert (report.agrees, report.products) == (True, report.points)
    with shop.database.session() as session:
        count = session.connection().execute(select(func.count()).select_from(INTERACTION)).scalar()
        products_there = session.connection().execute(select(func.count()).select_from(PRODUCT)).scalar()
    assert (count, products_there) == (len(views), 12 + 20)
