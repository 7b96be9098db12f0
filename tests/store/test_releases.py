"""At most one release is live, and the way back is never pruned."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from service.core.errors import Conflict, NotFound
from service.store.database import Database
from service.store.releases import (
    Release,
    ReleaseStatus,
    create_release,
    forget_releases,
    get_release,
    list_releases,
    live_release,
    mark_failed,
    mark_ready,
    promote,
    prune,
    rollback,
)

START = datetime(2026, 3, 1, tzinfo=UTC)


def make(database: Database, *names: str) -> None:
    """Ready releases, a day apart."""
    with database.session() as session:
        for name in names:
            age = timedelta(days=len(list_releases(session)))
            create_release(session, name, manifest={}, now=START + age)
            mark_ready(session, name, manifest={"seed": 7}, metrics={"ndcg": 0.17})


def switch(database: Database, name: str) -> Release:
    with database.session() as session:
        return promote(session, name)


def back(database: Database) -> Release:
    with database.session() as session:
        return rollback(session)


def statuses(database: Database) -> dict[str, str]:
    with database.session() as session:
        return {release.id: str(release.status) for release in list_releases(session)}


def live(database: Database) -> str | None:
    with database.session() as session:
        release = live_release(session)
    return release.id if release else None


def test_a_release_is_trained_made_ready_and_promoted(database: Database) -> None:
    with database.session() as session:
        made = create_release(session, "a", manifest={"seed": 7}, now=START)
        assert (made.status, made.created_at, made.manifest) == (ReleaseStatus.TRAINING, START, {"seed": 7})
        ready = mark_ready(session, "a", manifest={"seed": 7, "rows": 3}, metrics={"ndcg": 0.17})
        assert (ready.status, ready.manifest, ready.metrics) == (
            ReleaseStatus.READY, {"seed": 7, "rows": 3}, {"ndcg": 0.17},
        )  # fmt: skip
    assert live(database) is None
    assert switch(database, "a").status is ReleaseStatus.LIVE
    assert live(database) == "a"


def test_promoting_retires_the_one_that_was_live(database: Database) -> None:
    make(database, "a", "b")
    switch(database, "a")
    promoted = switch(database, "b")
    assert (promoted.replaced, promoted.promoted_at is not None) == ("a", True)
    assert statuses(database) == {"b": "live", "a": "retired"}
    assert switch(database, "b") == promoted  # again changes nothing


def test_rollback_goes_back_one_release_at_a_time_and_forward_again(database: Database) -> None:
    make(database, "a", "b", "c")
    for name in ("a", "b", "c"):
        switch(database, name)
    assert [back(database).id, back(database).id] == ["b", "a"]
    with pytest.raises(Conflict, match="the live release a replaced none; promote another one"):
        back(database)
    assert statuses(database) == {"c": "retired", "b": "retired", "a": "live"}
    assert switch(database, "c").replaced == "a"


def test_without_a_live_release_there_is_no_way_back(database: Database) -> None:
    make(database, "a")
    with pytest.raises(Conflict, match="no release is live; promote one"):
        back(database)


def test_what_is_not_ready_or_not_there_is_not_promoted(database: Database) -> None:
    make(database, "a")
    switch(database, "a")
    with database.session() as session:
        create_release(session, "training", manifest={}, now=START)
        create_release(session, "failed", manifest={}, now=START)
        mark_failed(session, "failed", message="NaN in cf", metrics={"ndcg": 0.0})
    with pytest.raises(
        Conflict, match="release training cannot be promoted: it is training; it must be ready or retired"
    ):
        switch(database, "training")
    with pytest.raises(Conflict, match=r"release failed cannot be promoted: it is failed \(NaN in cf\)"):
        switch(database, "failed")
    for name in ("missing", "\x00", ""):
        with pytest.raises(NotFound, match="there is no release with id"):
            switch(database, name)
    assert live(database) == "a"


def test_the_life_of_a_release_has_one_direction(database: Database) -> None:
    make(database, "a")
    wrong: list[Callable[..., Release]] = [
        lambda session: create_release(session, "a", manifest={}, now=START),
        lambda session: mark_ready(session, "a", manifest={}, metrics={}),
    ]
    for step in wrong:
        with pytest.raises(Conflict), database.session() as session:
            step(session)
    switch(database, "a")
    with pytest.raises(Conflict, match="it is live; it must be training or ready"), database.session() as session:
        mark_failed(session, "a", message="late")
    with pytest.raises(NotFound), database.session() as session:
        get_release(session, "b")


def test_pruning_keeps_the_newest_the_live_one_and_the_way_back(database: Database) -> None:
    make(database, "a", "b", "c", "d", "e", "f")
    with database.session() as session:
        assert prune(session, keep=2) == ["a", "b", "c", "d"]
        assert prune(session, keep=6) == []
    switch(database, "b")
    switch(database, "c")
    with database.session() as session:
        assert prune(session, keep=1) == ["a", "d", "e"]
        assert prune(session, keep=0) == ["a", "d", "e", "f"]
    back(database)  # b is live, c was a moment ago
    with database.session() as session:
        assert prune(session, keep=0) == ["a", "d", "e", "f"]


def test_failed_releases_are_pruned_by_themselves_and_running_ones_never(database: Database) -> None:
    make(database, "a", "b")
    with database.session() as session:
        for day, name in enumerate(("bad-1", "bad-2"), 10):
            create_release(session, name, manifest={}, now=START + timedelta(days=day))
            mark_failed(session, name, message="worse than the live one")
        create_release(session, "running", manifest={}, now=START - timedelta(days=99))
        assert prune(session, keep=1) == ["a", "bad-1"]


def test_forgotten_releases_are_gone_but_the_live_one_stays(database: Database) -> None:
    make(database, "a", "b")
    switch(database, "a")
    switch(database, "b")
    with database.session() as session:
        forget_releases(session, ["a", "b"])
    assert statuses(database) == {"b": "live"}
    with pytest.raises(Conflict, match="the live release b replaced a, which is gone"):
        back(database)


def test_a_switch_that_fails_half_way_leaves_the_old_one_live(database: Database) -> None:
    make(database, "a", "b")
    switch(database, "a")

    def promote_then_fail() -> None:
        with database.session() as session:
            promote(session, "b")
            create_release(session, "a", manifest={}, now=START)

    with pytest.raises(Conflict, match="there is a release with id 'a' already"):
        promote_then_fail()
    assert statuses(database) == {"a": "live", "b": "ready"}


def test_many_promotions_at_once_leave_exactly_one_live(database: Database) -> None:
    names = [f"r{i}" for i in range(8)]
    make(database, *names)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: switch(database, name), names))
    assert sorted(statuses(database).values()) == ["live"] + ["retired"] * 7
