"""What training reads is what was recorded, in columns."""

import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from service.core.behaviour import EVENT_TYPES, TYPE_CODES, Behaviour, no_behaviour
from service.core.types import EventType, Interaction, Product
from service.store.behaviour import read_behaviour
from service.store.catalog import delete_products, drop_deleted, product_ids, upsert_products
from service.store.database import Database
from service.store.event_rows import session_key
from service.store.events import merge_session, record_events
from service.store.tables import INTERACTION
from service.store.users import user_ids

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PRODUCTS = ("mug", "lamp", "bag")


@pytest.fixture
def shop(database: Database) -> Database:
    with database.session() as session:
        upsert_products(session, [Product(name, name) for name in PRODUCTS])
    return database


def record(database: Database, events: Sequence[Interaction]) -> None:
    with database.session() as session:
        record_events(session, events, unknown_products="keep", now=NOW)


def read(database: Database, since: datetime | None = None, until: datetime | None = None) -> Behaviour:
    return read_behaviour(database, "default", since=since, until=until)


def view(product: str | None, minutes: float, user: str | None = "anna", session: str | None = None) -> Interaction:
    return Interaction(EventType.VIEW, NOW + timedelta(minutes=minutes), user=user, session=session, product=product)


def test_nothing_is_empty_columns_of_the_right_types(shop: Database) -> None:
    record(shop, [Interaction(EventType.SEARCH, NOW, user="anna", query="mug"), view("unknown", 0)])
    nothing = read(shop)
    assert len(nothing) == 0
    for found in (nothing, no_behaviour()):
        types = [getattr(found, name).dtype.name for name in Behaviour.__dataclass_fields__]
        assert types == ["int64", "int64", "uint8", "float64", "float32", "int64"]


def test_interactions_are_sorted_by_user_and_time_and_ties_by_arrival(shop: Database) -> None:
    record(shop, [view("mug", 5), view("lamp", 1, "ben"), view("bag", 5), view("lamp", 2)])
    found = read(shop)
    with shop.session() as session:
        users = user_ids(session, "default", ["anna", "ben"])
        names = {key: name for name, key in product_ids(session, "default", PRODUCTS).items()}
    of_anna = found.take(found.users == users["anna"])
    assert [names[key] for key in of_anna.products] == ["lamp", "mug", "bag"]
    assert list(found.users) == sorted(found.users)
    assert len(found) == 4


def test_anonymous_sessions_are_users_with_negative_numbers_until_they_sign_in(shop: Database) -> None:
    record(shop, [view("mug", 0, None, "s1"), view("lamp", 1, None, "s2"), view("bag", 2, None, "s1")])
    found = read(shop)
    one, two = -session_key("default", "s1"), -session_key("default", "s2")
    assert sorted(found.users) == sorted([one, one, two])
    assert (found.sessions == -found.users).all()
    with shop.session() as session:
        merge_session(session, "default", "anna", "s1")
        [anna] = user_ids(session, "default", ["anna"]).values()
    assert list(read(shop).users) == [two, anna, anna]


def test_a_visit_is_a_session_or_interactions_within_half_an_hour(shop: Database) -> None:
    events = [
        view("mug", 0),
        view("mug", 30),
        view("mug", 61),
        view("mug", 62, session="s"),
        view("mug", 300, session="s"),
    ]
    record(shop, [*events, view("mug", 62, "ben")])
    found = read(shop)
    visits = found.sessions[found.users == found.users[np.flatnonzero(found.sessions > 0)[0]]].tolist()
    assert visits[0] == visits[1] != visits[2]
    assert visits[3] == visits[4] == session_key("default", "s")
    assert len(set(found.sessions.tolist())) == 4


def test_only_the_period_asked_for_is_read_the_beginning_included(shop: Database) -> None:
    record(shop, [view("mug", minutes) for minutes in (0, 1, 2)])
    minute = timedelta(minutes=1)
    for since, until, expected in ((None, None, 3), (NOW + minute, None, 2), (None, NOW + minute, 1), (NOW, NOW, 0)):
        assert len(read(shop, since, until)) == expected
    assert read(shop, NOW + minute, NOW + 2 * minute).at.tolist() == [(NOW + minute).timestamp()]


def test_interactions_with_deleted_products_and_of_other_tenants_are_left_out(shop: Database) -> None:
    elsewhere = Interaction(EventType.VIEW, NOW, user="anna", product="mug", tenant="other")
    record(shop, [view("mug", 0), view("lamp", 0), view("bag", 0), elsewhere])
    with shop.session() as session:
        ids = product_ids(session, "default", PRODUCTS)
        delete_products(session, "default", ["mug", "lamp"])
        drop_deleted(session, [ids["lamp"]])
    assert read(shop).products.tolist() == [ids["bag"]]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.builds(
            Interaction,
            type=st.sampled_from(EVENT_TYPES[:5]),
            at=st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
            user=st.sampled_from(["anna", "ben"]),
            session=st.sampled_from([None, "s1", "s2"]),
            product=st.sampled_from(PRODUCTS),
            value=st.none() | st.floats(-5, 5, width=32),
        ),
        max_size=20,
    )
)
def test_every_recorded_interaction_is_read_as_it_is(shop: Database, events: list[Interaction]) -> None:
    with shop.session() as session:
        session.connection().execute(delete(INTERACTION))
    record(shop, events)
    found = read(shop)
    with shop.session() as session:
        products = product_ids(session, "default", PRODUCTS)
        users = user_ids(session, "default", ["anna", "ben"])
    expected = [
        (users[str(e.user)], e.at.timestamp(), products[str(e.product)], TYPE_CODES[e.type], e.value) for e in events
    ]
    values = [None if np.isnan(value) else value for value in found.values.tolist()]
    columns = (found.users.tolist(), found.at.tolist(), found.products.tolist(), found.types.tolist(), values)
    assert list(zip(*columns, strict=True)) == sorted(expected, key=lambda row: row[:2])
    assert found.fingerprint() == read(shop).fingerprint()


def test_many_interactions_are_read_in_little_memory(shop: Database) -> None:
    total = 120_000
    row = {"tenant": "default", "type": "view", "session_key": 1, "value": 1.0, "received_at": NOW, "session": "s"}
    with shop.session() as session:
        keys = list(product_ids(session, "default", PRODUCTS).values())
        for start in range(0, total, 20_000):
            rows = [
                row | {"product_id": keys[i % 3], "at": NOW + timedelta(seconds=i)}
                for i in range(start, start + 20_000)
            ]
            session.connection().execute(insert(INTERACTION), rows)
    tracemalloc.start()
    found = read(shop)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == total
    assert peak < 37 * total * 2 + 40_000_000  # the answer, its copy while it is sorted, and one piece of rows


def test_a_part_keeps_its_columns_together(shop: Database) -> None:
    record(shop, [view("mug", 0), view("lamp", 1), view("bag", 2)])
    found = read(shop)
    part = found.take(found.at > NOW.timestamp())
    assert (part.products.tolist(), len(part)) == (found.products[1:].tolist(), 2)
    assert part.fingerprint() != found.fingerprint()
