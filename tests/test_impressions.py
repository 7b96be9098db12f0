"""The impression log: off the request's path, bounded, and honest about what it lost."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.context import Request
from service.core.errors import DependencyUnavailable
from service.core.types import RankedItem, Slate, Trace
from service.impressions import ImpressionLog
from service.store.database import Database, open_database
from service.store.impressions import read_impressions

REQUEST = Request("home", "r-1", "default", user="anna", shelf="for_you")
ITEM = RankedItem(7, 1, 0.75, {"cf": 0.75}, 1.0, "cf", "personal")


def slate(*items: RankedItem) -> Slate:
    trace = Trace({}, {}, (), {})
    return Slate("r-1", "home", "variety=b", "rel", "personal", None, items, {}, None, trace, {"variety": "b"})


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/shop.db")
    yield database
    database.close()


def until(is_true: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_is_shown_is_written_soon(database: Database) -> None:
    log = ImpressionLog(database, 0.01, 10, now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    log.start()
    log.put(REQUEST, slate(ITEM))
    until(lambda: log.state.written == 1)
    log.stop()
    (one,) = read_impressions(database, "default")
    assert (one.user, one.shelf, one.arms, one.items) == ("anna", "for_you", {"variety": "b"}, (ITEM,))


def test_stopping_writes_what_waits(database: Database) -> None:
    log = ImpressionLog(database, 60, 5000)
    log.start()
    for _ in range(4500):  # more than one batch
        log.put(REQUEST, slate(ITEM))
    log.stop()
    assert len(list(read_impressions(database, "default"))) == log.state.written == 4500


def test_of_a_slate_longer_than_anybody_looks_the_beginning_is_kept(database: Database) -> None:
    log = ImpressionLog(database, 60, 10, slots=3)
    log.start()
    log.put(REQUEST, slate(*[ITEM] * 2000))
    log.stop()
    assert [len(one.items) for one in read_impressions(database, "default")] == [3]


def test_what_does_not_fit_is_counted(database: Database) -> None:
    log = ImpressionLog(database, 60, 2)
    log.start()
    for _ in range(5):
        log.put(REQUEST, slate(ITEM))
    assert (log.state.waiting, log.state.dropped) == (2, 3)
    log.stop()
    assert log.state.written == 2


def test_nothing_is_kept_before_it_is_started_and_no_empty_slate(database: Database) -> None:
    log = ImpressionLog(database, 60, 2)
    log.put(REQUEST, slate(ITEM))
    log.start()
    log.put(REQUEST, slate())
    assert log.state.waiting == 0
    log.stop()


def test_slates_wait_while_the_database_is_away(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Database.session

    @contextmanager
    def away(self: Database) -> Iterator[object]:
        raise DependencyUnavailable("the database is away")
        yield

    monkeypatch.setattr("service.impressions._RETRY_S", 0.01)
    monkeypatch.setattr(Database, "session", away)
    log = ImpressionLog(database, 0.01, 10)
    log.start()
    log.put(REQUEST, slate(ITEM))
    until(lambda: log.state.failure == "the database is away")
    monkeypatch.setattr(Database, "session", real)
    until(lambda: log.state.written == 1)
    log.stop()
    assert (log.state.failure, log.state.dropped) == (None, 0)
