"""What users did is recorded once, belongs to the right person, and survives its products."""

import math
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from service.core.behaviour import EVENT_TYPES
from service.core.errors import InvalidQuery, NotFound
from service.core.types import EventType, Interaction, Product
from service.store.catalog import delete_products, drop_deleted, product_ids, upsert_products
from service.store.database import Database
from service.store.events import (
    EventOutcome,
    EventStatus,
    History,
    StoredInteraction,
    UnknownProducts,
    history,
    merge_session,
    recent_queries,
    record_events,
    resolve_products,
    user_events,
)
from service.store.tables import INTERACTION, USERS

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)
RECORDED, DUPLICATE, REFUSED = EventStatus.RECORDED, EventStatus.DUPLICATE, EventStatus.REFUSED


@pytest.fixture
def shop(database: Database) -> Database:
    with database.session() as session:
        upsert_products(session, [Product(name, name) for name in ("mug", "lamp", "bag")])
    return database


def did(product: str | None = "mug", minutes_ago: float = 0, **fields: Any) -> Interaction:
    """Somebody (anna, if nobody is named) viewed something."""
    who = {} if "user" in fields or "session" in fields else {"user": "anna"}
    at = NOW - timedelta(minutes=minutes_ago)
    return Interaction(**{"type": EventType.VIEW, "at": at, "product": product} | who | fields)


def record(
    database: Database, events: Sequence[Interaction], unknown_products: UnknownProducts = "refuse"
) -> list[EventOutcome]:
    with database.session() as session:
        return record_events(session, events, unknown_products=unknown_products, now=NOW)


def statuses(
    database: Database, events: Sequence[Interaction], policy: UnknownProducts = "refuse"
) -> list[EventStatus]:
    return [outcome.status for outcome in record(database, events, policy)]


def past(database: Database, user: str | None = "anna", session_id: str | None = None, limit: int = 100) -> History:
    with database.session() as session:
        return history(session, "default", user=user, session_id=session_id, limit=limit)


def told(database: Database, user: str = "anna", days: float = 30, limit: int = 100) -> list[StoredInteraction]:
    with database.session() as session:
        return user_events(session, "default", user, days=days, limit=limit, now=NOW)


def keys(database: Database, *names: str) -> list[int]:
    with database.session() as session:
        found = product_ids(session, "default", names)
    return [found[name] for name in names]


def count(database: Database) -> int:
    with database.session() as session:
        return int(session.connection().execute(select(func.count()).select_from(INTERACTION)).scalar_one())


def test_what_is_recorded_comes_back_as_it_was(shop: Database) -> None:
    rating = did(
        type=EventType.RATING, session="s1", user="anna", value=4.5, event_id="e1", request_id="r1", position=3
    )
    search = did(None, 5, type=EventType.SEARCH, query="blue müg ₹")
    assert statuses(shop, [rating, search]) == [RECORDED, RECORDED]
    [first, second] = told(shop)
    assert (first.interaction, second.interaction) == (rating, search)
    assert [first.product_id] == keys(shop, "mug")
    assert (second.product_id, second.received_at) == (None, NOW)


@pytest.mark.parametrize("type", EVENT_TYPES)
def test_every_type_can_be_recorded(shop: Database, type: EventType) -> None:
    record(shop, [did(type=type, query="mug")])
    assert told(shop)[0].interaction.type is type


def test_the_same_event_id_again_changes_nothing(shop: Database) -> None:
    first = did(event_id="e1")
    assert statuses(shop, [first, did("lamp", event_id="e1"), did(event_id="e2")]) == [RECORDED, DUPLICATE, RECORDED]
    assert statuses(shop, [did("bag", event_id="e1"), did("bag")]) == [DUPLICATE, RECORDED]
    assert sorted(str(event.interaction.product) for event in told(shop)) == ["bag", "mug", "mug"]


def test_a_retry_is_a_duplicate_even_if_the_product_is_gone_meanwhile(shop: Database) -> None:
    record(shop, [did(event_id="e1")])
    with shop.session() as session:
        delete_products(session, "default", ["mug"])
    assert statuses(shop, [did(event_id="e1"), did(event_id="e2")]) == [DUPLICATE, REFUSED]


def test_a_refused_event_does_not_use_up_its_id(shop: Database) -> None:
    assert statuses(shop, [did("nothing", event_id="e1"), did("mug", event_id="e1")]) == [REFUSED, RECORDED]


def test_tenants_have_event_ids_users_and_products_of_their_own(shop: Database) -> None:
    with shop.session() as session:
        upsert_products(session, [Product("mug", "Mug", tenant="other")])
    there = did(event_id="e1", tenant="other")
    assert statuses(shop, [did(event_id="e1"), there, there, did("lamp", tenant="other")]) == [
        RECORDED, RECORDED, DUPLICATE, REFUSED,
    ]  # fmt: skip
    assert [event.interaction.tenant for event in told(shop)] == ["default"]
    with shop.session() as session:
        assert len(user_events(session, "other", "anna", days=1, limit=9, now=NOW)) == 1


def test_events_without_an_id_are_all_recorded(shop: Database) -> None:
    assert statuses(shop, [did(), did()]) == [RECORDED, RECORDED]
    assert count(shop) == 2


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (Interaction(EventType.VIEW, NOW, product="mug"), "user or session is missing"),
        (did(None), "view needs a product"),
        (did(None, type=EventType.SEARCH), "search needs a query"),
        (did("nothing"), "no product with id 'nothing'"),
        (did("a\x00b"), r"product must have 1 to 128 characters and no NUL, got 'a\x00b'"),
        (did(user="\ud800"), "user must have"),
        (did(session=""), "session must have"),
        (did(event_id="x" * 129), "event_id must have"),
        (did(type=EventType.SEARCH, query="a\x00"), "search needs a query without NUL"),
        (did(value=math.nan), "value must be a finite number, got nan"),
        (did(position=2**63), "position must be a number of at most 64 bits"),
        (replace(did(), at=datetime.min), "the year must lie between"),
        (replace(did(), at=datetime.max.replace(tzinfo=UTC)), "the year must lie between"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_a_reason_and_the_rest_is_kept(
    shop: Database, event: Interaction, reason: str
) -> None:
    first, second, third = record(shop, [did(), event, did("lamp")])
    assert (first.status, second.status, third.status) == (RECORDED, REFUSED, RECORDED)
    assert reason in str(second.reason)
    assert count(shop) == 2


def test_a_refused_event_makes_no_user(shop: Database) -> None:
    record(shop, [did("nothing", user="ghost")])
    with pytest.raises(NotFound, match="there is no user with id 'ghost'"):
        told(shop, "ghost")


def test_times_of_any_zone_are_moments(shop: Database) -> None:
    for moment in (datetime(2026, 3, 1, 12), datetime.fromisoformat("2026-03-01T17:30:00+05:30"), datetime(1960, 1, 1)):
        record(shop, [replace(did(), at=moment)])
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert [event.interaction.at for event in told(shop, days=40_000)] == [noon, noon, datetime(1960, 1, 1, tzinfo=UTC)]
    assert past(shop).at.tolist() == [noon.timestamp(), noon.timestamp(), datetime(1960, 1, 1, tzinfo=UTC).timestamp()]


def test_an_unknown_product_that_is_kept_counts_when_it_comes(shop: Database) -> None:
    assert statuses(shop, [did("kettle"), did("mug")], "keep") == [RECORDED, RECORDED]
    assert past(shop).products.tolist() == keys(shop, "mug")
    with shop.session() as session:
        assert resolve_products(session, "default") == 0
        upsert_products(session, [Product("kettle", "Kettle", tenant="other")])
    assert past(shop).products.tolist() == keys(shop, "mug")
    with shop.session() as session:
        upsert_products(session, [Product("kettle", "Kettle"), Product("pot", "Pot")])
        assert resolve_products(session, "default") == 0
    assert sorted(past(shop).products) == sorted(keys(shop, "mug", "kettle"))


def test_what_was_done_while_a_product_was_deleted_counts_when_it_comes_back(shop: Database) -> None:
    with shop.session() as session:
        delete_products(session, "default", ["mug"])
    record(shop, [did()], "keep")
    assert past(shop).products.tolist() == []
    with shop.session() as session:
        upsert_products(session, [Product("mug", "Mug")])
    assert past(shop).products.tolist() == keys(shop, "mug")


def test_an_interaction_that_was_written_while_its_product_came_is_found_later(shop: Database) -> None:
    record(shop, [did()])
    with shop.session() as session:
        session.connection().execute(update(INTERACTION).values(product_id=None))
        upsert_products(session, [Product("mug", "Mug, large")])  # nothing new: its interactions are not looked for
    assert past(shop).products.tolist() == []
    with shop.session() as session:
        assert resolve_products(session, "default") == 1
    assert past(shop).products.tolist() == keys(shop, "mug")


def test_new_products_look_for_their_interactions_in_the_index_of_those_without_one(shop: Database) -> None:
    if shop.engine.dialect.name != "sqlite":
        pytest.skip("this is how SQLite tells its plan")
    plans: list[str] = []
    with shop.session() as session:
        connection = session.connection().connection.driver_connection
        assert connection is not None
        connection.set_trace_callback(plans.append)
        upsert_products(session, [Product("kettle", "Kettle")])
        connection.set_trace_callback(None)
        [statement] = [line for line in plans if line.startswith("UPDATE interaction")]
        told = connection.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    assert "ix_interaction_unresolved (tenant=? AND product_ref=?)" in str(told)


def test_dropping_a_product_keeps_its_interactions_and_it_finds_them_when_it_comes_back(shop: Database) -> None:
    record(shop, [did()])
    [old] = keys(shop, "mug")
    with shop.session() as session:
        delete_products(session, "default", ["mug"])
        drop_deleted(session, [old])
    assert told(shop)[0].interaction.product == "mug"
    with shop.session() as session:
        assert resolve_products(session, "default") == 0
        upsert_products(session, [Product("mug", "Mug")])
        assert resolve_products(session, "default") == 1
    assert past(shop).products.tolist() == keys(shop, "mug") != [old]


def test_the_past_is_newest_first_whatever_the_order_of_arrival(shop: Database) -> None:
    cart = did("lamp", 1, type=EventType.CART, value=2)
    record(shop, [did("bag", 3), cart, did("mug", 2)])
    found = past(shop)
    assert found.products.tolist() == keys(shop, "lamp", "mug", "bag")
    assert [EVENT_TYPES[code] for code in found.types] == [EventType.CART, EventType.VIEW, EventType.VIEW]
    assert found.at.tolist() == [(NOW - timedelta(minutes=m)).timestamp() for m in (1, 2, 3)]
    assert found.values[0] == 2
    assert math.isnan(found.values[1])
    assert [column.dtype.name for column in (found.products, found.types, found.at, found.values)] == [
        "int64", "uint8", "float64", "float32",
    ]  # fmt: skip
    assert past(shop, limit=2).products.tolist() == keys(shop, "lamp", "mug")


def test_of_events_at_the_same_moment_the_one_recorded_last_is_newest(shop: Database) -> None:
    record(shop, [did("bag"), did("mug")])
    record(shop, [did("lamp")])
    assert past(shop).products.tolist() == keys(shop, "lamp", "mug", "bag")


def test_a_signed_in_user_has_the_sessions_anonymous_past_too(shop: Database) -> None:
    record(shop, [did("bag", 3), did("mug", 2, session="s1"), did("lamp", 1), did("bag", 0, session="s2")])
    assert past(shop, "anna", "s1").products.tolist() == keys(shop, "lamp", "mug", "bag")
    assert past(shop, "anna", "s1", limit=2).products.tolist() == keys(shop, "lamp", "mug")
    assert past(shop, None, "s1").products.tolist() == keys(shop, "mug")


def test_a_session_alone_shows_nothing_of_the_user_who_was_signed_in(shop: Database) -> None:
    record(shop, [did("mug", user="anna", session="s1")])
    assert len(past(shop, None, "s1").products) == 0
    assert len(past(shop, "ben", "s1").products) == 0


@pytest.mark.parametrize(("user", "session_id"), [(None, None), ("x", None), (None, "x"), ("\ud800", "\x00")])
def test_who_is_unknown_has_no_past(shop: Database, user: str | None, session_id: str | None) -> None:
    found = past(shop, user, session_id)
    assert (found.user_id, len(found.products), found.searches, found.hidden) == (None, 0, (), frozenset())


def test_searches_are_newest_first_and_told_once(shop: Database) -> None:
    search = [
        did(None, minutes, type=EventType.SEARCH, query=query) for minutes, query in ((1, "b"), (2, "a"), (3, "b"))
    ]
    record(shop, [*search, did()])
    found = past(shop)
    assert (found.searches, found.products.tolist()) == (("b", "a"), keys(shop, "mug"))


def test_what_was_hidden_stays_hidden_however_much_happened_since(shop: Database) -> None:
    hides = [did("bag", 99, type=EventType.HIDE), did("lamp", 98, type=EventType.HIDE, session="s1")]
    record(shop, [*hides, did("mug"), did("mug")])
    assert past(shop, limit=1).hidden == set(keys(shop, "bag"))
    assert past(shop, "anna", "s1", limit=1).hidden == set(keys(shop, "bag", "lamp"))
    assert past(shop, None, "s1", limit=0).hidden == set(keys(shop, "lamp"))


def test_on_sign_in_the_session_becomes_the_users_once(shop: Database) -> None:
    record(shop, [did("mug", session="s1"), did("bag", session="s1"), did("lamp", session="s2")])
    record(shop, [did("lamp", user="ben", session="s1")])
    with shop.session() as session:
        assert merge_session(session, "default", "anna", "s1") == 2
        assert merge_session(session, "default", "anna", "s1") == 0
        assert merge_session(session, "default", "anna", "\ud800") == 0
        assert merge_session(session, "other", "anna", "s2") == 0
        with pytest.raises(InvalidQuery, match="a user id must have"):
            merge_session(session, "default", "", "s2")
    assert past(shop, "anna").products.tolist() == keys(shop, "bag", "mug")
    assert past(shop, "ben").products.tolist() == keys(shop, "lamp")
    assert len(past(shop, None, "s1").products) == 0


def test_only_the_days_asked_for_are_told(shop: Database) -> None:
    day = 24 * 60
    record(shop, [did("mug", 31 * day), did("lamp", 29 * day), did("bag", 1 * day)])
    assert [event.interaction.product for event in told(shop)] == ["bag", "lamp"]
    assert [event.interaction.product for event in told(shop, limit=1)] == ["bag"]


def test_a_large_batch_of_anything_is_fine(shop: Database) -> None:
    assert record(shop, []) == []
    events = [did(user=f"u{i % 700}", event_id=f"e{i % 2500}") for i in range(5000)]
    assert statuses(shop, events) == [RECORDED] * 2500 + [DUPLICATE] * 2500


WRITER = """
import sys
from datetime import UTC, datetime
from service.core.types import EventType, Interaction
from service.store.database import open_database
from service.store.events import record_events
url, step = sys.argv[1], int(sys.argv[2])
database, now, won = open_database(url), datetime(2026, 3, 1, tzinfo=UTC), 0
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.readline()
for batch in range(30):
    numbers = range(batch * 20, batch * 20 + 20)[::step]
    events = [Interaction(EventType.VIEW, now, user=f"u{n}", product="mug", event_id=f"e{n}") for n in numbers]
    with database.session() as session:
        outcomes = record_events(session, events, unknown_products="refuse", now=now)
    won += sum(outcome.status == "recorded" for outcome in outcomes)
sys.stdout.write(str(won))
"""


def test_of_two_processes_with_the_same_event_ids_each_event_has_one_winner(shop: Database, database_url: str) -> None:
    # one goes through each batch forwards, the other backwards: they would wait for each other in a circle
    command, pipes = [sys.executable, "-c", WRITER, database_url], {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    started = [subprocess.Popen([*command, step], text=True, **pipes) for step in ("1", "-1")]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    won = [int(process.communicate(timeout=60)[0]) for process in started]
    assert sum(won) == count(shop) == 600


def test_threads_that_make_the_same_users_find_the_same_ones(shop: Database) -> None:
    def write(thread: int) -> None:
        order = range(40) if thread % 2 else reversed(range(40))
        record(shop, [did(user=f"u{i}", minutes_ago=-60.0 * thread) for i in order])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with shop.session() as session:
        assert session.connection().execute(select(func.count()).select_from(USERS)).scalar_one() == 40
    assert count(shop) == 160


def test_recent_searches_come_newest_first_without_repeats(database: Database) -> None:
    def search(query: str, minute: int) -> Interaction:
        return Interaction(EventType.SEARCH, NOW + timedelta(minutes=minute), user="anna", query=query)

    view = Interaction(EventType.VIEW, NOW + timedelta(minutes=9), user="anna", product="P1")
    with database.session() as session:
        events = [search("lamp", 1), search("mug", 2), search("lamp", 3), view]
        record_events(session, events, unknown_products="keep", now=NOW + timedelta(hours=1))
        assert recent_queries(session, "default", limit=9) == ["lamp", "mug"]
        assert recent_queries(session, "default", limit=1) == ["lamp"]
        assert recent_queries(session, "other", limit=9) == []
