"""`vitrine train`, `releases`, `promote`, `rollback` and `prune`, and kills at every step between."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.params import load_params
from indexer.release.lock import only_trainer
from indexer.release.loop import ReleaseLoop
from indexer.release.publish import Publisher
from service.cli.main import main
from service.core.fields import with_attributes
from service.served_release import LiveRelease
from service.store.database import open_database
from service.store.edge import EdgeStore
from service.store.releases import create_release, get_release, live_release, mark_failed
from service.store.spaces import release_of, users_space
from service.store.vectors import VectorQuery

Vitrine = Callable[..., Any]

QUICK = """
[training]
dimensions = 4
lightfm = { epochs = 3 }
checks = { sample = 5 }
[releases]
refresh_ms = 10
poll_ms = 50
"""


def write_shop(folder: Path) -> None:
    """Files of 30 products of three tastes and 30 users who keep to theirs."""
    random = np.random.default_rng(3)
    products = [f"p{n},Product {n},Brand {n % 3}" for n in range(30)]
    (folder / "products.csv").write_text("\n".join(["id,name,brand", *products]))
    events = [
        {"type": "view", "user": f"u{user}", "product": f"p{3 * number + user % 3}", "at": 1750000000 + user * 100 + n}
        for user in range(30)
        for n, number in enumerate(random.permutation(10)[:7].tolist())
    ]
    (folder / "events.jsonl").write_text("\n".join(map(json.dumps, events)))


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A loaded shop with one live release, to be copied; in memory where there is room: training waits for the disk."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2**30
    with tempfile.TemporaryDirectory(prefix="releases-", dir=memory if roomy else None) as name:
        folder = Path(name)
        (folder / "quick.toml").write_text(QUICK)
        write_shop(folder)
        options = ["--json", "--config", str(folder / "quick.toml"), "--data-dir", str(folder / "empty")]
        assert main([*options, "load", "products", str(folder / "products.csv")]) == 0
        assert main([*options, "load", "events", str(folder / "events.jsonl")]) == 0
        shutil.copytree(folder / "empty", folder / "live")
        options[-1] = str(folder / "live")
        assert main([*options, "train"]) == 0
        yield folder


class Shop:
    """A copy of the shop and the commands on it."""

    def __init__(self, vitrine: Vitrine, folder: Path, config: Path) -> None:
        self.folder, self._vitrine = folder, vitrine
        self.options = ("--config", config, "--data-dir", folder)

    def __call__(self, *arguments: str) -> Any:
        return self._vitrine(*self.options, *arguments)

    def releases(self) -> list[tuple[str, str]]:
        """Id and status of each, newest first."""
        return [(release["id"], release["status"]) for release in self("releases", "--json").json["releases"]]

    def live(self) -> str | None:
        database = open_database(f"sqlite:///{self.folder}/vitrine.db")
        with database.session() as session:
            live = live_release(session)
        database.close()
        return live.id if live else None

    def answers(self) -> str | None:
        """The release that a service started now would answer from; it is asked."""
        database, store = open_database(f"sqlite:///{self.folder}/vitrine.db"), EdgeStore(self.folder / "vectors")
        served = LiveRelease(database, store, refresh_s=0).current()
        if served is not None:
            hits = store.search(served.behaviour, [VectorQuery("cf", np.ones(len(served.fold), np.float32), 5)])[0]
            assert len(hits.ids) == 5
        store.close()
        database.close()
        return served.id if served else None

    def kept(self) -> tuple[set[str], set[str]]:
        """Releases that have collections, and what lies among the files of releases."""
        store = EdgeStore(self.folder / "vectors")
        collections = {release for name in store.names() if (release := release_of(name)) is not None}
        store.close()
        return collections, {path.name for path in (self.folder / "releases").glob("*") if path.name != "lock"}


@pytest.fixture
def copy_of(made: Path, vitrine: Vitrine) -> Iterator[Callable[[str], Shop]]:
    """Copies the ``empty`` or the ``live`` shop."""
    copies: list[Path] = []

    def copy(name: str) -> Shop:
        folder = made / f"copy-{len(list(made.iterdir()))}"
        shutil.copytree(made / name, folder)
        copies.append(folder)
        return Shop(vitrine, folder, made / "quick.toml")

    yield copy
    for folder in copies:
        shutil.rmtree(folder)


@pytest.fixture
def shop(copy_of: Callable[[str], Shop]) -> Shop:
    """The shop with one live release."""
    return copy_of("live")


def test_training_tells_what_it_reached_and_what_comes_next(copy_of: Callable[[str], Shop]) -> None:
    shop = copy_of("empty")
    assert "`vitrine " in shop("releases").out  # there is none yet; the command that makes one is named
    outcome = shop("train")
    assert outcome.code == 0
    assert "is live: 210 interactions, 30 products, 30 users." in outcome.out
    assert "NDCG@10" in outcome.out
    assert shop.answers() == shop.live()


def test_training_speaks_json(shop: Shop) -> None:
    release = shop("train", "--seed", "5", "--json").json
    assert (release["status"], release["manifest"]["seed"]) == ("live", 5)
    assert "fold" not in release["manifest"]
    assert shop.releases()[0] == (release["id"], "live")


def test_a_release_can_be_kept_back_promoted_and_rolled_back(shop: Shop) -> None:
    first = shop.live()
    ready = shop("train", "--no-promote", "--json").json["id"]
    assert shop.answers() == first
    assert shop("promote", ready).code == 0
    assert shop.answers() == ready
    assert shop("rollback").code == 0
    assert shop.answers() == first


def test_rolling_back_the_only_release_is_refused(shop: Shop) -> None:
    assert "replaced none" in shop("rollback").complaint


def test_missing_failed_and_gone_releases_are_not_promoted(shop: Shop) -> None:
    live = shop.live()
    assert "no release with id 'no-such'" in shop("promote", "no-such").complaint
    ready = shop("train", "--no-promote", "--json").json["id"]
    store = EdgeStore(shop.folder / "vectors")
    store.drop(f"behaviour__{ready}")
    store.close()
    assert f"behaviour__{ready}" in shop("promote", ready).complaint
    database = open_database(f"sqlite:///{shop.folder}/vitrine.db")
    with database.session() as session:
        mark_failed(session, ready, message="it was bad")
    database.close()
    assert "it is failed (it was bad)" in shop("promote", ready).complaint
    assert shop.answers() == live


def test_old_releases_are_pruned_with_all_they_have(shop: Shop) -> None:
    first = shop.live()
    ids = [shop("train", "--seed", str(seed), "--json").json["id"] for seed in (1, 2)]
    assert shop("prune", "--keep", "1", "--json").json == {"pruned": [first]}
    assert shop.kept() == (set(ids), set(ids))
    assert shop("prune", "--keep", "1").out == "0 releases deleted.\n"


def test_training_on_nothing_is_one_line_and_changes_nothing(vitrine: Vitrine, tmp_path: Path) -> None:
    complaint = vitrine("train", "--data-dir", tmp_path / "new").complaint
    assert "nothing to train on: 0 users liked 0 products" in complaint
    assert "vitrine load events" in complaint
    assert vitrine("releases", "--data-dir", tmp_path / "new", "--json").json == {"releases": []}


def test_a_setting_out_of_range_is_told_by_its_name(vitrine: Vitrine, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text("[training]\nfactoriser = 'magic'\n")
    assert "training.factoriser" in vitrine("train", "--config", tmp_path / "my.toml").complaint


def test_two_trainings_at_once_are_refused(shop: Shop) -> None:
    with only_trainer(shop.folder / "releases"):
        assert "another process is training" in shop("train").complaint


def test_beside_a_running_service_that_publishes(shop: Shop) -> None:
    database, store = open_database(f"sqlite:///{shop.folder}/vitrine.db"), EdgeStore(shop.folder / "vectors")
    checks = load_params().training.checks.model_copy(update={"sample": 5})
    loop = ReleaseLoop(Publisher(database, store, shop.folder / "releases", with_attributes(()), checks), 0.02, 3)
    live = LiveRelease(database, store, refresh_s=0)
    loop.start()
    try:
        release = shop("train", "--json").json
        assert release["status"] == "live"
        assert live.current().id == release["id"]
        assert shop("promote", release["replaced"]).code == 0  # the vectors are not ours: taken at its word
        assert live.current().id == release["replaced"]
    finally:
        loop.stop()
        store.close()
        database.close()


def test_not_waiting_for_the_service_leaves_the_release_in_training(shop: Shop) -> None:
    store = EdgeStore(shop.folder / "vectors")
    release = shop("train", "--no-wait", "--json").json
    store.close()
    assert release["status"] == "training"
    following = shop("train", "--json").json
    assert following["status"] == "live"
    assert dict(shop.releases())[release["id"]] == "failed"  # a newer one was trained before it was published


KILLS = {
    "when its row is made": "indexer.release.build.split_tail",
    "while it writes files": "indexer.release.artifacts._to_disk",
    "when its files are written": "service.cli.training.own_vectors",
    "when its first collection is made": "indexer.release.publish.users_space",
    "while it writes points": "indexer.release.publish.user_points",
    "while it is checked": "indexer.release.publish.store_problems",
    "within the switch": "indexer.release.publish.promote",
    "after the switch": "indexer.release.publish.catch_up",
    "while old ones are swept": "service.store.edge.remove_collection",
}
_SWITCHED = ("after the switch", "while old ones are swept")
_CHILD = """
import os, signal, sys
from unittest.mock import patch
from service.cli.main import main
with patch(sys.argv[1], lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)):
    main(sys.argv[2:])
"""


@pytest.mark.parametrize("moment", KILLS)
def test_a_kill_at_any_moment_leaves_the_live_release_and_the_next_training_succeeds(shop: Shop, moment: str) -> None:
    before = shop.live()
    if moment == "while old ones are swept":
        _leave_a_failed_one(shop)
    command = [sys.executable, "-c", _CHILD, KILLS[moment], *map(str, shop.options), "train", "--seed", "2"]
    killed = subprocess.run(command, capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    answering = shop.answers()
    assert answering is not None
    assert (answering != before) == (moment in _SWITCHED)
    assert shop.live() == answering
    following = shop("train", "--json").json
    assert following["status"] == "live"
    assert shop.answers() == following["id"]
    usable = {release_id for release_id, status in shop.releases() if status in ("live", "retired")}
    assert shop.kept() == (usable, usable)


def _leave_a_failed_one(shop: Shop) -> None:
    database, store = open_database(f"sqlite:///{shop.folder}/vitrine.db"), EdgeStore(shop.folder / "vectors")
    store.create(users_space("failed-before", 5))
    with database.session() as session:
        create_release(session, "failed-before", manifest={}, now=datetime(2025, 1, 1, tzinfo=UTC))
        mark_failed(session, "failed-before", message="killed")
        assert get_release(session, "failed-before").status == "failed"
    store.close()
    database.close()
