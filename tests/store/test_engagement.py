"""What came of lists is counted by hand here, on both engines."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from service.core.impression import Impression
from service.core.rates import rate
from service.core.types import EventType, Interaction, Product, RankedItem
from service.store.catalog import upsert_products
from service.store.database import Database
from service.store.engagement import AtPosition, Grouped, by_position, engagement
from service.store.events import record_events
from service.store.gaps import catalogue_gaps
from service.store.impressions import write_impressions

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SINCE = NOW - timedelta(days=7)


@pytest.fixture
def told(database: Database) -> Database:
    """Anna saw two lists on home, took both products of the first and bought one; Bob saw one, on another day."""
    with database.session() as session:
        upsert_products(session, [Product("mug", "Mug"), Product("lamp", "Lamp", visible=False)])
        query = text("SELECT id FROM product ORDER BY external_id DESC")
        mug, lamp = session.connection().execute(query).scalars()
        items = tuple(
            RankedItem(key, place, 0.5, {"cf": 0.5}, 1.0, "cf", "personal") for place, key in ((1, mug), (2, lamp))
        )
        first = Impression("r1", "default", "home", None, {"test": "a"}, None, "anna", None, NOW, "personal", items)
        second = replace(first, request_id="r2", items=items[:1])
        bob = replace(first, request_id="r3", user="bob", arms={"test": "b"}, at=NOW - timedelta(days=2))
        old = replace(first, request_id="r4", at=NOW - timedelta(days=30))
        # a row of the page that shows another product: what happens to the mug is not its doing
        shelf = replace(first, surface="trending", shelf="trending", items=items[1:])
        write_impressions(session, [first, second, bob, old, shelf, replace(first, tenant="other")])
        event = Interaction(EventType.CLICK, NOW, user="anna", product="mug", request_id="r1", position=1)
        events = [
            event,
            replace(event, type=EventType.VIEW),
            replace(event, type=EventType.PURCHASE, product="mug"),
            replace(event, type=EventType.HIDE, request_id="r2"),
            replace(event, request_id="elsewhere"),
        ]
        record_events(session, events, unknown_products="refuse", now=NOW)
    return database


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("surface", {"home": (3, 2, 1, 1), "trending": (1, 1, 0, 0)}),
        ("shelf", {"home / itself": (3, 2, 1, 1), "trending / trending": (1, 1, 0, 0)}),
        ("day", {"20574": (3, 1, 1, 1), "20572": (1, 1, 0, 0)}),
    ],
)
def test_a_list_counts_once_and_only_for_its_own_products(
    told: Database, by: Grouped, expected: dict[str, tuple[int, ...]]
) -> None:
    with told.session() as session:
        found = engagement(session, "default", since=SINCE, by=by)
    assert {key: (one.taken.n, one.taken.visitors, one.taken.x, one.bought.x) for key, one in found.items()} == expected


def test_variants_and_sums_over_visitors(told: Database) -> None:
    with told.session() as session:
        found = {key: one.taken for key, one in engagement(session, "default", since=SINCE, by="arms").items()}
    one, other = found.values()
    both = one + other
    assert (both.visitors, both.n, both.x, both.nn, both.xn, both.xx) == (2, 4, 1, 10, 3, 1)
    told_rate = rate(both)
    assert told_rate is not None
    assert told_rate.value == 0.25
    assert 0 <= told_rate.low < 0.25 < told_rate.high <= 1


def test_slots_are_counted_where_there_were_any(told: Database) -> None:
    with told.session() as session:
        rows = by_position(session, "default", since=SINCE, deepest=5)
    assert rows == [AtPosition("home", 1, 3, 1, 1), AtPosition("home", 2, 2, 0, 0), AtPosition("trending", 1, 1, 0, 0)]


def test_gaps_of_the_catalogue(told: Database) -> None:
    with told.session() as session:
        total, gaps = catalogue_gaps(session, "default")
        assert catalogue_gaps(session, "nobody")[0] == 0
    found = {gap.name: gap.products for gap in gaps}
    assert (total, found["hidden"], found["no picture"], found["sold out"]) == (2, 1, 2, 0)
