"""Nothing is left of releases that failed, were forgotten, or whose makers were killed."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from indexer.release.artifacts import load_artifacts, remove_artifacts, save_artifacts
from indexer.release.lock import only_trainer
from indexer.release.sweep import fail_abandoned, forget_old, sweep, waiting_releases
from service.core.errors import Conflict, NotFound
from service.store.releases import create_release, mark_failed
from service.store.spaces import users_space


def begin(shop: Any, release_id: str, host: str, age: timedelta = timedelta(0)) -> None:
    with shop.database.session() as session:
        create_release(session, release_id, manifest={"host": host}, now=datetime.now(UTC) - age)


def test_old_releases_go_with_everything_they_have(shop: Any) -> None:
    ids = [shop.release(seed=seed).id for seed in range(4)]
    assert forget_old(shop.database, keep=1) == ids[:2]  # the live one and the one it replaced stay
    assert sweep(shop.database, shop.store, shop.folder) == sorted(ids[:2])
    assert shop.kept() == (set(ids[2:]), set(ids[2:]))
    assert shop.live() == ids[3]


def test_a_failed_release_leaves_nothing(shop: Any) -> None:
    live, failed = shop.release().id, shop.train()
    shop.store.create(users_space(failed, 9))
    with shop.database.session() as session:
        mark_failed(session, failed, message="killed")
    assert sweep(shop.database, shop.store, shop.folder) == [failed]
    assert shop.kept() == ({live}, {live})


def test_what_is_waiting_or_in_training_stays(shop: Any) -> None:
    begin(shop, "in-training", "elsewhere")
    waiting = shop.train()
    assert sweep(shop.database, shop.store, shop.folder) == []
    assert waiting_releases(shop.database, shop.folder) == [waiting]


def test_a_training_that_ended_half_way_is_failed(shop: Any) -> None:
    begin(shop, "killed-here", socket.gethostname())
    begin(shop, "runs-elsewhere", "elsewhere")
    begin(shop, "lost-elsewhere", "elsewhere", timedelta(days=2))
    waiting = shop.train()
    (shop.folder / "killed-here.new").mkdir()
    assert fail_abandoned(shop.database, shop.folder) == ["killed-here", "lost-elsewhere"]
    assert shop.get("runs-elsewhere").status == "training"
    assert waiting_releases(shop.database, shop.folder) == [waiting]
    assert not (shop.folder / "killed-here.new").exists()


def test_two_trainings_at_once_are_refused(tmp_path: Path) -> None:
    with only_trainer(tmp_path), pytest.raises(Conflict, match="is training"), only_trainer(tmp_path):
        pass
    with only_trainer(tmp_path):
        pass


def test_artifacts_come_back_as_they_were(shop: Any) -> None:
    release_id = shop.train()
    before = load_artifacts(shop.folder, release_id)
    remove_artifacts(shop.folder, release_id)
    with pytest.raises(NotFound, match="train again"):
        load_artifacts(shop.folder, release_id)
    save_artifacts(shop.folder, before)
    after = load_artifacts(shop.folder, release_id)
    assert (after.manifest, after.metrics) == (before.manifest, before.metrics)
    assert (after.model.weights["covisit"] != before.model.weights["covisit"]).nnz == 0
    assert (after.tail.history != before.tail.history).nnz == 0
    assert after.rules.lift.tolist() == before.rules.lift.tolist()
