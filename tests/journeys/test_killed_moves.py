"""`vitrine backup`, `restore` and `migrate` are killed at random moments: run again, they end as if never cut."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from config.settings import Settings
from indexer.check import check_index
from indexer.sync import index_stale
from service.backup.rows import TableReader, all_tables
from service.backup.sync import reading
from service.core.types import EventType, Interaction, Product
from service.runtime import open_runtime
from service.store.catalog import upsert_products
from service.store.database import open_database
from service.store.edge import EdgeStore
from service.store.events import record_events

ROOT = Path(__file__).parents[2]
KILLS = 2  # of each command
PRODUCTS, EVENTS = 60, 1_000

# One process imports everything once and forks a child per command, which is killed or ends: quicker than many starts.
FORK_COMMANDS = """
import json, os, sys
import service.cli.backup, service.cli.migrate, service.backup.make, service.backup.restore, service.backup.move
import service.runtime, indexer.check, service.signals
from service.cli.main import main
for line in sys.stdin:
    child = os.fork()
    if not child:
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1):
            os.dup2(silent, stream)
        os._exit(main(json.loads(line)))
    os.write(1, f"{child}\\n".encode())
    os.write(1, f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\\n".encode())
"""
Run = Callable[..., int]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """`run("backup", path)` is the exit code; `run(…, kill_after_s=0.1)` kills it then, which is -9."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VITRINE_", "QDRANT_", "DATA"))}
    own = kept | {"PYTHONPATH": str(ROOT), "VITRINE_IMAGE_MODEL": "none", "VITRINE_LOG_LEVEL": "error"}
    with subprocess.Popen(
        [sys.executable, "-c", FORK_COMMANDS], cwd=ROOT, env=own, text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as zygote:  # fmt: skip
        assert zygote.stdin is not None
        assert zygote.stdout is not None

        def command(*arguments: object, kill_after_s: float | None = None) -> int:
            zygote.stdin.write(json.dumps(["--json", *map(str, arguments)]) + "\n")
            child = int(zygote.stdout.readline())
            if kill_after_s is not None:
                time.sleep(kill_after_s)
                with_child_gone(child)
            return int(zygote.stdout.readline())

        try:
            yield command
        finally:
            zygote.kill()


def with_child_gone(child: int) -> None:
    try:
        os.kill(child, signal.SIGKILL)
    except ProcessLookupError:
        return


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings]) -> Iterator[Path]:
    """A shop with products, vectors and events; in memory where there is room, a kill needs no disk."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2**30
    place = Path(tempfile.mkdtemp(prefix="killed-", dir=memory)) if roomy else tmp_path_factory.mktemp("killed")
    try:
        yield made(place / "shop", settings_for)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def made(folder: Path, settings_for: Callable[[Path], Settings]) -> Path:
    now = datetime.now(UTC)
    with open_runtime(settings_for(folder)) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, [Product(f"p{n}", f"Mug number {n}", stock=n) for n in range(PRODUCTS)])
            seen = [
                Interaction(
                    EventType.VIEW, now - timedelta(minutes=n), user=f"u{n % 40}", product=f"p{n % PRODUCTS}",
                    event_id=f"e{n}",
                )
                for n in range(EVENTS)
            ]  # fmt: skip
            record_events(session, seen, unknown_products="refuse", now=now)
        index_stale(runtime.outbox)
    return folder


def rows_of(folder: Path) -> dict[str, list[Any]]:
    with closing(open_database(f"sqlite:///{folder}/vitrine.db")) as database, reading(database) as connection:
        return {
            str(table.name): [row for page in TableReader.of(table).pages(connection) for row in page]
            for table in all_tables()
        }


def assert_same_shop(folder: Path, shop: Path) -> None:
    """Every row is there once, and the index holds what the tables say."""
    assert rows_of(folder) == rows_of(shop)
    with (
        closing(open_database(f"sqlite:///{folder}/vitrine.db")) as database,
        closing(EdgeStore(folder / "vectors")) as store,
    ):
        report = check_index(database, store)
        assert (report.agrees, report.points, report.pending) == (True, PRODUCTS, 0)


@contextmanager
def took() -> Iterator[list[float]]:
    began, seconds = time.monotonic(), [0.0]
    yield seconds
    seconds[0] = time.monotonic() - began


def killed(run: Run, most_s: float, *arguments: object, before: Callable[[], object] = lambda: None) -> int:
    """How often a command died of it; one that was faster did its work."""
    random, kills = Random(7), 0
    for _ in range(4 * KILLS):
        before()
        code = run(*arguments, kill_after_s=random.uniform(0.05, 0.95) * most_s)
        assert code in (0, -signal.SIGKILL)
        kills += code != 0
        if kills == KILLS:
            break
    assert kills >= KILLS // 2
    return kills


def test_a_killed_backup_leaves_none_and_a_killed_restore_or_move_ends_whole_when_it_is_run_again(
    shop: Path, run: Run
) -> None:
    backup, here, there = (shop.parent / name for name in ("backup", "restored", "moved"))
    with took() as seconds:
        assert run("--data-dir", shop, "backup", "--with-vectors", shop.parent / "first") == 0
    before = rows_of(shop)

    def remove() -> None:
        if backup.exists():  # then it is whole, whoever was killed
            assert run("--data-dir", shop, "restore", "--check", backup) == 0
            backup.rename(shop.parent / f"whole-{time.monotonic_ns()}")

    killed(run, seconds[0], "--data-dir", shop, "backup", "--with-vectors", backup, before=remove)
    remove()
    assert run("--data-dir", shop, "backup", "--with-vectors", backup) == 0

    with took() as seconds:
        assert run("--data-dir", here, "restore", backup) == 0
    killed(run, seconds[0], "--data-dir", here, "restore", "--force", backup)
    assert run("--data-dir", here, "restore", "--force", backup) == 0
    assert_same_shop(here, shop)

    with took() as seconds:
        assert run("--data-dir", shop, "migrate", "--to-folder", shop.parent / "quick") == 0
    killed(run, seconds[0], "--data-dir", shop, "migrate", "--to-folder", there, "--force")
    assert run("--data-dir", shop, "migrate", "--to-folder", there, "--force") == 0
    assert_same_shop(there, shop)
    assert rows_of(shop) == before
