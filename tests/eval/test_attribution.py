"""Crediting events to slots: by hand, against a naive double loop, and out of a real database."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.attribution import NONE, UNKNOWN, Happened, Outcome, Shown, credit
from eval.attribution_log import read_credited
from service.core.impression import Impression
from service.core.types import EventType, Interaction, Product, RankedItem
from service.store.catalog import upsert_products
from service.store.database import Database
from service.store.events import record_events
from service.store.impressions import write_impressions
from service.store.lookup import product_ids

START = datetime(2026, 3, 1, tzinfo=UTC)

Slate = tuple[float, int, int, int, tuple[int, ...]]  # at, request, user, session, products
Event = tuple[float, int, int, int, int, int]  # at, request, user, session, product, position


def columns(slates: list[Slate], events: list[Event]) -> tuple[Shown, Happened]:
    ints = [np.array([slate[column] for slate in slates], np.int64) for column in (1, 2, 3)]
    rows = [(i, product, slot) for i, slate in enumerate(slates) for slot, product in enumerate(slate[4], 1)]
    shown = Shown(np.array([slate[0] for slate in slates], float), *ints, *np.array(rows, np.int64).reshape(-1, 3).T)
    at, request, user, session, product, position = np.array(events, float).reshape(-1, 6).T
    whole = [column.astype(np.int64) for column in (request, user, session, product, position)]
    none = np.zeros(len(at))
    return shown, Happened(at, *whole, none.astype(np.uint8), none, none, none.astype(np.int64))


def naive(slates: list[Slate], event: Event, window_s: float) -> tuple[int, int] | None:
    """Impression and slot, by looking at everything."""
    at, request, user, session, product, position = event
    best: tuple[float, int, int] | None = None
    for number, (shown_at, its_request, its_user, its_session, products) in enumerate(slates):
        if product not in products:
            continue
        slot = products.index(product) + 1
        if request != NONE:
            if its_request == request and position in (NONE, slot):
                return number, slot
            continue
        is_same = (user >= 0 and its_user == user) or (session >= 0 and its_session == session)
        if is_same and shown_at <= at <= shown_at + window_s and (best is None or shown_at > best[0]):
            best = (shown_at, number, slot)
    return None if best is None or request != NONE else best[1:]


people = st.sampled_from([NONE, 0, 1, 2])
slates_ = st.lists(
    st.tuples(
        st.integers(0, 10**6), people, people, people, st.lists(st.integers(0, 5), unique=True, min_size=1, max_size=4)
    ),
    min_size=1, max_size=12, unique_by=lambda slate: slate[0],
)  # fmt: skip
events_ = st.lists(
    st.tuples(
        st.integers(0, 10**6), st.sampled_from([NONE, UNKNOWN, 0, 1, 2]), people, people, st.integers(0, 6),
        st.sampled_from([NONE, 1, 2, 3]),
    ),
    max_size=12,
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(slates_, events_, st.sampled_from([0, 1000, 10**5, 10**7]))
def test_it_is_what_looking_at_everything_finds(slates: list, events: list, window_s: int) -> None:
    slates = [(*slate[:4], tuple(slate[4])) for slate in sorted(slates)]
    shown, happened = columns(slates, events)
    found = credit(shown, happened, window_s)
    for row, event in zip(found.row.tolist(), events, strict=True):
        one = None if row == NONE else (int(shown.impression[row]), int(shown.slot[row]))
        assert one == naive(slates, event, window_s)
    assert ((found.row != NONE) == (found.outcome == Outcome.CREDITED)).all()


def test_a_wrong_position_credits_nothing_and_is_told_apart() -> None:
    shown, happened = columns(
        [(10, 0, 0, NONE, (7, 8))],
        [(11, 0, 0, NONE, 8, 2), (11, 0, 0, NONE, 8, 1), (11, 0, 0, NONE, 9, NONE), (11, UNKNOWN, 0, NONE, 8, 2)],
    )
    outcome = credit(shown, happened, 60).outcome.tolist()
    assert outcome == [Outcome.CREDITED, Outcome.WRONG_POSITION, Outcome.NOT_IN_SLATE, Outcome.UNKNOWN_REQUEST]


def test_the_last_impression_gets_the_credit_not_the_first() -> None:
    shown, happened = columns(
        [(10, 0, 0, NONE, (7,)), (20, 1, 0, NONE, (5, 7)), (40, 2, 0, NONE, (7,))], [(30, NONE, 0, NONE, 7, NONE)]
    )
    assert credit(shown, happened, 60).row.tolist() == [2]  # the second slot of the second slate


def _impression(request: str, user: str | None, session: str | None, minutes: float, *products: int) -> Impression:
    items = tuple(RankedItem(product, rank, 1.0, {"cf": 1.0}, 1.0, "cf", "personal") for rank, product in
                  enumerate(products, 1))  # fmt: skip
    at = START + timedelta(minutes=minutes)
    return Impression(request, "default", "home", "for_you", {"e": "b"}, None, user, session, at, "personal", items)


def test_the_database_is_read_with_prices_arms_and_sessions(database: Database) -> None:
    mug = [Product(name, name, price_minor=1250, currency="EUR") for name in ("a", "b")]
    with database.session() as session:
        upsert_products(session, mug)
        ids = product_ids(session, "default", ["a", "b"])
        write_impressions(session, [
            _impression("r1", "anna", "s1", 0, ids["a"], ids["b"]), _impression("r2", None, "s2", 5, ids["b"]),
        ])  # fmt: skip
        events = [
            Interaction(EventType.CLICK, START + timedelta(minutes=1), user="anna", product="b", request_id="r1",
                        position=2),
            Interaction(EventType.PURCHASE, START + timedelta(hours=1), session="s2", product="b", value=3),
            Interaction(EventType.PURCHASE, START + timedelta(hours=30), session="s2", product="b"),
            Interaction(EventType.HIDE, START + timedelta(minutes=2), user="anna", product="a", request_id="r1"),
            Interaction(EventType.VIEW, START + timedelta(minutes=2), user="anna", product="a", request_id="r1"),
        ]  # fmt: skip
        record_events(session, events, unknown_products="keep", now=START)
    found = read_credited(database, "default")
    assert found.credit.row.tolist() == [1, 2, NONE]
    assert found.happened.price.tolist() == [12.5] * 3
    assert found.happened.pieces.tolist() == [1, 3, 1]
    assert found.currencies == ("EUR",)
    assert found.slates.all_arms == ({"e": "b"},)
    assert (found.slates.shelves, found.slates.shelf.tolist()) == (("for_you",), [0, 0])
    assert found.slates.visitor.tolist() == [0, 1]
