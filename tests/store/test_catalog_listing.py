"""Pages of the catalogue: every order, every filter, nothing twice and nothing left out."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from service.core.errors import InvalidQuery
from service.core.filters import Filter, Match, Range
from service.core.types import Product
from service.store.catalog import count_products, delete_products, list_products, upsert_products
from service.store.database import Database
from service.store.listing import SORTS, sorted_ids

PRODUCTS = [
    Product("a", "pear", price_minor=300, rating=None, review_count=7, created_at=datetime(2025, 1, 3, tzinfo=UTC)),
    Product("B", "Apple", price_minor=None, rating=4.5, review_count=7, created_at=datetime(2025, 1, 1, tzinfo=UTC)),
    Product("c", "Äpfel", price_minor=100, original_price_minor=400, rating=4.5, review_count=0,
            created_at=datetime(2025, 1, 2, 0, 0, 0, 1, UTC)),
    Product("d", "apple", price_minor=100, original_price_minor=200, rating=0.0, review_count=9, visible=False,
            created_at=datetime(2025, 1, 2, tzinfo=UTC)),
]  # fmt: skip


@pytest.fixture
def shop(database: Database) -> Database:
    with database.session() as session:
        upsert_products(session, [*PRODUCTS, Product("z", "Elsewhere", tenant="other"), Product("gone", "Gone")])
        delete_products(session, "default", ["gone"])
    return database


def page(
    shop: Database, sort: str, after: str | None = None, limit: int = 10, filter: Filter | None = None
) -> tuple[str, str | None]:
    with shop.session() as session:
        found, cursor = list_products(session, "default", filter=filter, sort=sort, after=after, limit=limit)
    return "".join(stored.product.external_id for stored in found), cursor


def pages(shop: Database, sort: str, limit: int) -> Sequence[str]:
    found, cursor = page(shop, sort, limit=limit)
    collected = [found]
    while cursor is not None:
        found, cursor = page(shop, sort, cursor, limit)
        collected.append(found)
    return collected


EXPECTED = {
    "id": "Bacd",
    "newest": "acdB",
    "price": "cdaB",  # no price comes last
    "-price": "adcB",  # and here too; equal values by key, descending as the rest
    "rating": "cBda",
    "popularity": "daBc",
    "name": "Bdac",  # by code point: Apple, apple, pear, Äpfel
    "discount": "cdaB",
}


@pytest.mark.parametrize("sort", SORTS)
def test_each_order_is_the_same_on_both_engines_and_in_pages_of_any_size(shop: Database, sort: str) -> None:
    assert page(shop, sort) == (EXPECTED[sort], None)
    for limit in (1, 2, 3, 4):
        assert "".join(pages(shop, sort, limit)) == EXPECTED[sort]


@pytest.mark.parametrize("sort", SORTS)
def test_ids_alone_come_in_the_same_order(shop: Database, sort: str) -> None:
    with shop.session() as session:
        found, _ = list_products(session, "default", filter=None, sort=sort, after=None, limit=4)
        ids = [stored.id for stored in found]
        everything = np.array([*sorted(ids), 10_000])
        assert sorted_ids(session, "default", among=everything, filter=None, sort=sort, limit=4) == ids
        assert sorted_ids(session, "other", among=everything, filter=None, sort=sort, limit=4) == []


def test_the_last_full_page_has_no_cursor(shop: Database) -> None:
    assert pages(shop, "id", 2) == ["Ba", "cd"]


def test_products_that_come_and_go_between_pages_neither_repeat_nor_hide_others(shop: Database) -> None:
    first, cursor = page(shop, "price", limit=2)
    with shop.session() as session:
        upsert_products(session, [Product("0", "Cheapest", price_minor=1), Product("e", "Later", price_minor=200)])
        delete_products(session, "default", list(first))
    assert page(shop, "price", cursor) == ("eaB", None)


def test_a_filter_narrows_the_list_and_the_count(shop: Database) -> None:
    cheap = Filter(must=(Range("price", lte=1.0),))
    assert page(shop, "id", filter=cheap) == ("cd", None)
    assert page(shop, "id", filter=Filter(must=(cheap, Match("visible", (True,))))) == ("c", None)
    with shop.session() as session:
        assert count_products(session, "default", cheap) == 2
        assert count_products(session, "default", None) == 4
        assert count_products(session, "nobody", None) == 0


def test_a_very_long_name_does_not_make_a_very_long_cursor(shop: Database) -> None:
    with shop.session() as session:
        upsert_products(session, [Product(f"long{i}", "0" + "ß" * 100_000) for i in range(2)])
    assert pages(shop, "name", 1) == ["long0", "long1", *EXPECTED["name"]]
    _, cursor = page(shop, "name", limit=1)
    assert cursor is not None
    assert len(cursor) < 300


@pytest.mark.parametrize("junk", ["", "?", "abc", "W10", "WzFd", "é", "x" * 10_000, "WyJhIiwxLDJd"])
def test_a_cursor_that_is_none_is_refused(shop: Database, junk: str) -> None:
    with pytest.raises(InvalidQuery, match="cursor does not belong") as raised:
        page(shop, "id", junk)
    assert raised.value.code == "invalid_cursor"


def test_a_cursor_of_another_sort_filter_or_tenant_is_refused(shop: Database) -> None:
    _, cursor = page(shop, "price", limit=1)
    with pytest.raises(InvalidQuery, match="cursor"):
        page(shop, "-price", cursor)
    with pytest.raises(InvalidQuery, match="cursor"):
        page(shop, "price", cursor, filter=Filter(must=(Match("visible", (True,)),)))
    with shop.session() as session, pytest.raises(InvalidQuery, match="cursor"):
        list_products(session, "other", filter=None, sort="price", after=cursor, limit=1)


def test_an_unknown_sort_names_the_known_ones(shop: Database) -> None:
    with pytest.raises(InvalidQuery, match="cannot sort by 'colour'; choose one of: id, newest, price"):
        page(shop, "colour")
