"""Releases let go of people who were erased: vectors at once, what they taught with the next training."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from config.params import load_params
from indexer.release.artifacts import load_artifacts
from indexer.release.scrub import users_in_collections, users_in_files
from indexer.release.sweep import forget_old, sweep
from indexer.retrain import Trainer
from service.core.errors import InvalidQuery
from service.privacy.around import Around
from service.privacy.check import Checked, check_erasure
from service.privacy.erase import Eraser
from service.privacy.upkeep import PrivacyUpkeep
from service.store.erasures import Erasure
from service.store.retention import forget_events
from service.store.spaces import users_name
from service.store.users import get_user


class Run:
    """A run of the schedule that never waits."""

    def report(self, progress: float, message: str) -> None:
        pass

    def wait(self, seconds: float) -> None:
        pass


def eraser(shop: Any, *, days: float = 0.0) -> Eraser:
    around = Around(shop.store, shop.folder)
    return Eraser(shop.database, load_params().privacy, around, lambda: datetime.now(UTC) + timedelta(days=days))


def check(shop: Any, erasure: Erasure) -> Checked:
    one = eraser(shop)
    return check_erasure(shop.database, one.around, one.params, "default", erasure.id)


def key_of(shop: Any, user: str) -> int:
    with shop.database.session() as session:
        return int(get_user(session, "default", user).id)


def trainer(shop: Any) -> Trainer:
    return Trainer(shop.database, ["false"], {}, 86_400.0, lambda: datetime.now(UTC))


def test_vectors_go_at_once_and_the_release_with_the_next_training(shop: Any) -> None:
    key, other = key_of(shop, "u1"), key_of(shop, "u2")
    first = shop.release().id
    waiting = shop.train()  # with her, and not published yet
    erasure = eraser(shop).erase("default", "u1")
    assert erasure.counts["vectors"] == 1
    assert users_in_collections(shop.store, [key, other]) == {users_name(first): 1}
    found = check(shop, erasure)
    assert found.verdict == "left"
    assert {one.where for one in found.left} == {f"files of {first}", f"files of {waiting}"}
    assert [(one.release, one.status, one.until) for one in found.releases] == [
        (waiting, "training", erasure.done_at + timedelta(days=7)), (first, "live", None),
    ]  # fmt: skip
    assert shop.publish(waiting).status == "live"
    assert "vectors deleted" in PrivacyUpkeep(eraser(shop))(Run())
    assert users_in_files(shop.folder, [key]) == users_in_collections(shop.store, [key]) == {}
    assert users_in_files(shop.folder, [other]) == {first: 1, waiting: 1}
    assert check(shop, erasure).verdict == "model"
    # what stays of the files is whole: the next release is compared with it
    second = shop.release()
    assert second.status == "live", second.message
    assert "compared" in second.metrics
    assert key not in load_artifacts(shop.folder, second.id).users
    assert [one.until for one in check(shop, erasure).releases] == [erasure.done_at + timedelta(days=7)] * 2
    PrivacyUpkeep(eraser(shop, days=6.9))(Run())
    assert check(shop, erasure).verdict == "model"
    assert f"releases {first}, {waiting} ended" in PrivacyUpkeep(eraser(shop, days=7.1))(Run())
    done = check(shop, erasure)
    assert (done.verdict, done.erasure.user_key) == ("clean", None)
    assert shop.kept() == ({second.id}, {second.id})
    assert shop.live() == second.id


def test_with_a_training_at_once_nothing_of_before_stays(shop: Any) -> None:
    first, second = shop.release().id, shop.release().id
    assert trainer(shop)._young() is not None
    erasure = eraser(shop).erase("default", "u1", retrain=True)
    assert erasure.counts["vectors_in_files"] == 2
    assert trainer(shop)._young() is None  # young as it is, another one is called for
    assert forget_old(shop.database, keep=5) == []  # while it is live, what could replace it stays
    third = shop.release().id
    assert trainer(shop)._young() is not None
    assert sorted(forget_old(shop.database, keep=5)) == sorted([first, second])
    sweep(shop.database, shop.store, shop.folder)
    PrivacyUpkeep(eraser(shop))(Run())
    assert check(shop, erasure).verdict == "clean"
    assert shop.kept() == ({third}, {third})


def test_training_copes_with_a_past_that_ends_in_the_middle(shop: Any) -> None:
    from service.store.tables import INTERACTION

    live = shop.release().id
    with shop.database.session() as session:
        moments = session.connection().execute(INTERACTION.select().with_only_columns(INTERACTION.c.at)).scalars().all()
    middle = sorted(moments)[len(moments) // 2]
    forget_events(shop.database, middle, on_step=lambda *_: None)
    assert shop.release().status == "live"
    assert forget_events(shop.database, max(moments) + timedelta(1), on_step=lambda *_: None) > 0
    with pytest.raises(InvalidQuery, match="nothing to train on"):
        shop.train()
    assert shop.live() not in (None, live)
