"""What was searched for and what was taken then, counted alike by both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from service.core.searched import Searched
from service.core.types import EventType, Interaction, Product
from service.store.catalog import product_ids, upsert_products
from service.store.database import Database
from service.store.events import record_events
from service.store.search_counts import products_taken, query_counts, search_totals, tried_instead
from service.store.search_events import forget_searches, write_searches

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
WEIGHTS = {EventType.VIEW: 1.0, EventType.CLICK: 1.5, EventType.PURCHASE: 5.0}


@pytest.fixture
def shop(database: Database) -> Database:
    with database.session() as session:
        upsert_products(session, [Product("mug", "Mug"), Product("cup", "Cup")])
    return database


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def answer(shop: Database, *searches: tuple[str, int | None, float], found: int = 5, narrowed: bool = False) -> None:
    """Searches as (query, visitor, seconds after the start); the request is called after all three."""
    with shop.session() as session:
        write_searches(
            session,
            [
                Searched("default", f"{query}/{visitor}/{at:g}", after(at), query, found, narrowed, None, visitor)
                for query, visitor, at in searches
            ],
        )


def happen(shop: Database, *events: Interaction) -> None:
    with shop.session() as session:
        assert all(
            one.status == "recorded" for one in record_events(session, events, unknown_products="refuse", now=START)
        )


def counted(shop: Database, visitors: int = 1) -> dict[str, tuple[int, int, int, int]]:
    """Query -> visitors, searches, without anything, takers."""
    with shop.session() as session:
        found = query_counts(session, "default", since=START - timedelta(days=1), visitors=visitors, limit=100)
    return {one.query: (one.visitors, one.searches, one.nothing, one.takers) for one in found}


def search(who: str, query: str, at: float = 0) -> Interaction:
    return Interaction(EventType.SEARCH, after(at), session=who, query=query)


def click(who: str, product: str = "mug", at: float = 5, **of: str) -> Interaction:
    return Interaction(EventType.CLICK, after(at), session=who, product=product, **of)


def test_pages_and_filters_repeat_a_search_and_what_is_still_typed_is_none(shop: Database) -> None:
    answer(shop, ("re", 1, 0), ("red", 1, 1), ("red mug", 1, 2), ("red mug", 1, 60), ("red mug", 1, 4000))
    answer(shop, ("red mug", 2, 0), ("red", 2, 10), ("red mug", None, 0), ("red mug", None, 1))
    assert counted(shop) == {"red mug": (2, 5, 0, 0), "red": (1, 1, 0, 0)}
    assert list(counted(shop, visitors=2)) == ["red mug"]


def test_only_searches_without_a_filter_can_find_nothing(shop: Database) -> None:
    answer(shop, ("earbuds", 1, 0), ("earbuds", 2, 0), found=0)
    answer(shop, ("earbuds", 3, 0), found=0, narrowed=True)
    with shop.session() as session:
        (one,) = query_counts(session, "default", since=START, visitors=3, limit=9)
        assert (one.nothing, one.finds_nothing) == (2, True)
        assert search_totals(session, "default", since=START) == (3, 0, 2, 0, 0)


def test_two_logs_of_the_same_searches_are_not_added_up(shop: Database) -> None:
    answer(shop, ("red mug", 1, 0), ("red mug", 2, 0))
    happen(shop, search("a", "Red Mug "), search("b", "red mug"), search("c", "RED  mug"), search("c", "lamp"))
    assert counted(shop) == {"red mug": (2, 2, 0, 0), "lamp": (1, 1, 0, 0)}


def test_a_click_belongs_to_the_search_it_names_or_else_to_the_query_it_carries(shop: Database) -> None:
    answer(shop, ("red mug", 1, 0), ("red mug", 2, 0), ("cup", 3, 0))
    happen(
        shop,
        click("a", request_id="red mug/1/0", query="something else"),
        click("a", request_id="red mug/1/0"),
        click("b", request_id="red mug/2/0"),
        click("c", query="Cup", request_id="of a home page"),
        click("d", request_id="of a home page"),
        click("e"),
    )
    assert counted(shop) == {"red mug": (2, 2, 0, 2), "cup": (1, 1, 0, 1)}


def test_a_product_counts_once_enough_people_took_it_and_each_of_them_once(shop: Database) -> None:
    answer(shop, *(("red mug", who, 0) for who in range(3)))
    happen(
        shop, *(click(f"{who}", request_id=f"red mug/{who}/0") for who in range(3)), click("9", "cup", query="red mug")
    )
    happen(shop, Interaction(EventType.PURCHASE, after(9), session="0", product="mug", query="red mug"))
    with shop.session() as session:
        mug = product_ids(session, "default", ["mug"])["mug"]

        def taken(people: int) -> list:
            return products_taken(session, "default", since=START, people=people, weights=WEIGHTS, limit=9)

        assert taken(3) == [("red mug", mug, 3, 5.0 + 1.5 + 1.5)]
        assert not taken(4)
        assert len(taken(1)) == 2
        assert not products_taken(session, "other", since=START, people=1, weights=WEIGHTS, limit=9)


def test_a_second_try_tells_of_a_synonym_if_the_first_led_to_nothing(shop: Database) -> None:
    for who in (1, 2):
        answer(shop, ("earbuds", who, 0), ("earphones", who, 30), ("mug", who, 60), ("cup", who, 90))
        happen(
            shop, *(click(f"{who}", request_id=f"{query}/{who}/{at}") for query, at in (("earphones", 30), ("cup", 90)))
        )
    answer(shop, ("lamp", 1, 5000), ("bag", 1, 9000))  # too late
    for who in ("a", "b"):
        happen(shop, search(who, "Buds"), search(who, "earphones", 20), click(who, query="earphones"))
    with shop.session() as session:

        def tried(people: int) -> list:
            return tried_instead(session, "default", since=START, within_s=600, people=people)

        assert tried(2) == [("buds", "earphones", 2), ("earbuds", "earphones", 2), ("mug", "cup", 2)]
        assert not tried(3)


def test_searches_are_forgotten(shop: Database) -> None:
    answer(shop, ("anna's address", 1, 0), ("mug", 1, 100))
    with shop.session() as session:
        assert forget_searches(session, before=after(50)) == 1
    assert list(counted(shop)) == ["mug"]
