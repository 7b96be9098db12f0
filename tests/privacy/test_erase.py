"""Who is erased is nowhere any more, comes back by no late event, and the receipt knows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import structlog
from sqlmodel import SQLModel

from config.params import load_params
from config.serving import SessionParams
from service.core.errors import Conflict, NotFound
from service.core.told import Told
from service.privacy.again import erase_again, find_returned
from service.privacy.check import Checked, check_erasure
from service.privacy.erase import Eraser
from service.privacy.upkeep import PrivacyUpkeep
from service.sessions import Sessions
from service.store.erasures import Erasure
from service.store.tables import ERASED, IMPRESSION, INTERACTION, SEARCH, USERS
from service.store.users import find_user, put_user

# where an id may still be read: nowhere
TRACES = ("ann@example.com", "Ann A.", "tab-ann", "words of ann", "before ann signed in", "hash-of-a-token", "'ann'")


class Run:
    """A run of the schedule that never waits."""

    def report(self, progress: float, message: str) -> None:
        pass

    def wait(self, seconds: float) -> None:
        pass


def check(shop: Any, erasure: Erasure, **around: Any) -> Checked:
    eraser = shop.eraser(**around)
    return check_erasure(shop.database, eraser.around, eraser.params, "default", erasure.id)


def test_nothing_of_her_is_left_in_any_table_and_all_of_him_is(shop: Any) -> None:
    with structlog.testing.capture_logs() as logs:
        erasure = shop.eraser().erase("default", "ann")
    assert dict(erasure.counts) == {
        "account": 1, "refresh_token": 1, "users": 1, "interaction": 4, "impression": 2, "search": 2, "vectors": 0,
        "visits": 0, "waiting": 0,
    }  # fmt: skip
    for name, table in SQLModel.metadata.tables.items():
        text = shop.rows(table).replace("'shoes', 'ann'", "").replace("'ann', 'shoes'", "")  # her namesake of that shop
        assert not [trace for trace in TRACES if trace in text], name
    assert shop.count(INTERACTION) == 3
    assert shop.count(USERS) == 2
    assert shop.count(IMPRESSION, IMPRESSION.c.user == "bob") == 1
    assert shop.count(SEARCH) == 1
    told = str(logs)
    assert erasure.id in told
    assert not [trace for trace in TRACES if trace in told]
    assert check(shop, erasure).verdict == "clean"
    with pytest.raises(NotFound, match="nothing is kept"):
        shop.eraser().erase("default", "ann")


def test_what_comes_late_does_not_bring_her_back(shop: Any) -> None:
    shop.eraser().erase("default", "ann")
    late = [
        shop.view("ann", at=shop.now() - timedelta(days=1)), shop.view("ann"), shop.view("bob"),
        shop.view(None, session="tab-ann", at=shop.now() - timedelta(minutes=5)),
        shop.view("bob", session="tab-ann"),
    ]  # fmt: skip
    assert shop.record(*late) == ["refused", "refused", "recorded", "refused", "recorded"]
    with shop.database.session() as session, pytest.raises(Conflict, match="was erased"):
        put_user(session, "default", "ann", preferences={}, now=shop.now())
    shop.show("ann", "tab-x", "r9")
    shop.search("user:ann", "late words", "r9")
    assert (
        shop.count(IMPRESSION, IMPRESSION.c.request_id == "r9") == shop.count(SEARCH, SEARCH.c.request_id == "r9") == 0
    )
    shop.wait(seconds=1)
    # her browser goes on under the same session: somebody anonymous, who begins anew
    assert shop.record(shop.view(None, session="tab-ann")) == ["recorded"]
    shop.show(None, "tab-ann", "r10")
    assert shop.count(IMPRESSION, IMPRESSION.c.request_id == "r10") == 1
    # other shops never knew of it
    assert shop.record(shop.view("ann", tenant="shoes")) == ["recorded"]
    shop.wait(days=31)
    assert shop.record(shop.view("ann")) == ["recorded"]
    assert "nothing" in PrivacyUpkeep(shop.eraser())(Run())
    assert shop.count(ERASED) == 0


def test_events_that_arrive_during_the_erasure_are_gone_afterwards(shop: Any) -> None:
    def bombard(worker: int) -> None:
        for number in range(30):
            shop.record(shop.view("ann", event_id=f"b{worker}-{number}"), shop.view("bob"))
            shop.show("ann", None, f"b{worker}-{number}")

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(bombard, worker) for worker in range(3)]
        erasure = pool.submit(shop.eraser().erase, "default", "ann").result()
        for worker in workers:
            worker.result()
    with shop.database.session() as session:
        assert find_user(session, "default", "ann") is None
    assert shop.count(IMPRESSION, IMPRESSION.c.user == "ann") == 0
    assert shop.count(INTERACTION, INTERACTION.c.event_id.like("b%")) == 0
    assert check(shop, erasure).verdict == "clean"


@pytest.mark.parametrize("step", ["_close_account", "_count", "_forget_user", "_finish"])
def test_an_erasure_that_was_interrupted_is_finished_within_the_hour(
    shop: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Eraser, step, cut)
        with pytest.raises(KeyboardInterrupt):
            shop.eraser().erase("default", "ann")
    assert shop.record(shop.view("ann")) == ["refused"]
    shop.wait(hours=1)
    assert "1 interrupted erasures finished" in PrivacyUpkeep(shop.eraser())(Run())
    assert not [trace for trace in TRACES if trace in shop.rows(USERS).replace("shoes", "") and trace != "'ann'"]
    assert shop.count(IMPRESSION, IMPRESSION.c.user == "ann") == 0
    assert shop.count(INTERACTION) == 3


def test_a_look_finds_what_somebody_wrote_past_us(shop: Any) -> None:
    before = shop.rows(USERS)
    with shop.database.session() as session:
        kept = {
            table: [dict(row._mapping) for row in session.connection().execute(table.select())]
            for table in (USERS, INTERACTION, IMPRESSION, SEARCH)
        }
    erasure = shop.eraser().erase("default", "ann")
    assert "'ann'" in before
    with shop.database.session() as session:  # a backup of yesterday is restored, table by table
        for table, rows in kept.items():
            session.connection().execute(table.delete())
            session.connection().execute(table.insert(), rows)
    found = check(shop, erasure)
    assert found.verdict == "left"
    assert {one.where: one.count for one in found.left} == {
        "users": 1, "interaction (sessions)": 1, "impression": 1, "impression (sessions)": 1, "search": 2,
    }  # fmt: skip
    others = shop.count(INTERACTION) - 4  # hers: two with her name, one merged, one of her tab
    assert find_returned(shop.database).receipts == [erasure.id]
    assert [one.user for one in erase_again(shop.eraser()).people] == ["ann"]
    assert not find_returned(shop.database)
    assert check(shop, erasure).verdict == "clean"
    assert shop.count(INTERACTION) == others


def test_open_visits_are_forgotten_here_and_in_redis(shop: Any) -> None:
    from service.store.redis_link import RedisLink
    from service.store.redis_sessions import RedisSessions
    from tests.redis_server import running_redis

    with running_redis() as server:
        link = RedisLink(server.url)
        times = [shop.now().timestamp()]
        params: SessionParams = load_params().sessions
        shared = RedisSessions(link, params.ttl_s, params.most, lambda: times[0])
        sessions = Sessions(params, shared)
        sessions.remember("default", "tab-ann", Told(viewed=("p1",)))
        sessions.remember("default", "tab-bob", Told(viewed=("p2",)))
        erasure = shop.eraser(sessions=sessions).erase("default", "ann")
        assert erasure.counts["visits"] == 1
        assert not sessions.recall("default", "tab-ann")
        assert sessions.recall("default", "tab-bob")
        assert len(server.client().keys("*")) == 1
        assert check(shop, erasure, sessions=sessions).verdict == "clean"
        times[0] -= 1
        shared.remember("default", "tab-ann", Told(viewed=("p1",)))  # by a process that was late
        assert [one.where for one in check(shop, erasure, sessions=sessions).left] == ["redis"]
        shared.forget("default", "tab-ann")
        times[0] += 3600
        shared.remember("default", "tab-ann", Told(viewed=("p1",)))  # the same browser, later: a visit of its own
        assert check(shop, erasure, sessions=sessions).verdict == "clean"
        server.kill()
        assert "redis" in check(shop, erasure, sessions=sessions).unseen
        link.close()
