"""A filter selects the same products in SQL as in Python, on both engines."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from service.core.errors import InvalidQuery
from service.core.fields import PRODUCT_FIELDS, FieldKind
from service.core.filters import Condition, Filter, HasId, Match, Range, matches
from service.core.types import Product
from service.store.catalog import serving_rows, upsert_products
from service.store.database import Database
from service.store.payload import epoch_seconds, product_payload
from service.store.sql_filters import where
from service.store.tables import PRODUCT

SAME_DATABASE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
KEYWORDS = [name for name, kind in PRODUCT_FIELDS.items() if kind is FieldKind.KEYWORD]
NUMBERS = [name for name, kind in PRODUCT_FIELDS.items() if kind in (FieldKind.FLOAT, FieldKind.INTEGER)]


def conditions(words: st.SearchStrategy[str], products: Sequence[Product]) -> st.SearchStrategy[Condition]:
    payloads = [product_payload(product) for product in products]
    present = [value for payload in payloads for value in payload["category"] + payload["tags"]]
    names = [f"attributes.{name}" for product in products for name in product.attributes] or ["attributes.x"]
    bounds = [float(p[name]) for p in payloads for name in NUMBERS if p[name] is not None]
    word = words | st.sampled_from([*present, "red"])
    number = st.sampled_from(bounds) | st.floats(-10, 10) | st.integers(0, 5).map(float) | st.floats(-1e17, 1e17)
    bound = st.none() | number
    leaf: st.SearchStrategy[Condition] = st.one_of(
        st.builds(Match, st.sampled_from([*KEYWORDS, *names]), st.lists(word, min_size=1, max_size=3).map(tuple)),
        st.builds(Match, st.sampled_from(["visible", "in_stock"]), st.lists(st.booleans(), max_size=2).map(tuple)),
        st.builds(Match, st.sampled_from(["stock", "review_count"]), st.lists(st.integers(-1, 5)).map(tuple)),
        st.builds(Range, st.sampled_from(NUMBERS), bound, bound, bound, bound),
        st.builds(HasId, st.frozensets(st.integers(0, 5))),
    )
    return st.recursive(
        leaf, lambda inner: st.builds(Filter, *[st.lists(inner, max_size=2).map(tuple)] * 3), max_leaves=6
    )


def store(database: Database, products: Sequence[Product]) -> dict[int, dict[str, Any]]:
    """The products and no others, as filter payloads by key."""
    with database.session() as session:
        session.connection().execute(delete(PRODUCT))
        upsert_products(session, products)
        keys = session.connection().execute(select(PRODUCT.c.id)).scalars().all()
        rows = [serving_rows(session, tenant, keys) for tenant in {product.tenant for product in products}]
        return {key: row.payload() for found in rows for key, row in found.items()}


def selected(database: Database, condition: Condition | None) -> set[int]:
    with database.session() as session:
        return set(session.connection().execute(select(PRODUCT.c.id).where(where(condition))).scalars())


@SAME_DATABASE
@given(data=st.data())
def test_sql_selects_what_matches_selects(
    database: Database, any_product: st.SearchStrategy[Product], any_word: st.SearchStrategy[str], data: st.DataObject
) -> None:
    products = data.draw(st.lists(any_product, min_size=1, max_size=4))
    payloads = store(database, products)
    for condition in data.draw(st.lists(conditions(any_word, products), min_size=1, max_size=5)):
        expected = {key for key, payload in payloads.items() if matches(condition, payload, key)}
        assert selected(database, condition) == expected


SHOP = [
    Product("1", "Mug", brand="Kiln", category=("Home", "Kitchen"), tags=("new",), attributes={"size": ("S", "M")}),
    Product("2", "Pan", category=("Home",), price_minor=999, currency="EUR", stock=0, attributes={"size": "M"}),
    Product("3", "Hat", category=("Homes", "Hats"), price_minor=1001, currency="EUR", attributes={"size": 5}),
]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (None, "123"),
        (Filter(), "123"),
        (Match("category", ("Home",)), "12"),
        (Match("category", ("Home > Kitchen", "Homes")), "13"),
        (Match("category", ("home",)), ""),
        (Match("attributes.size", ("M",)), "12"),
        (Match("attributes.size", ("5",)), ""),
        (Match("attributes.colour", ("M",)), ""),
        (Match("tags", ("new", "old")), "1"),
        (Match("in_stock", (True,)), "13"),
        (Match("id", ("1", "3", "a\x00b", "\ud800")), "13"),
        (Match("brand", ("\x00",)), ""),
        (Range("price", gte=9.99, lt=10.01), "2"),
        (Range("price"), "23"),
        (Filter(must_not=(Match("brand", ("Kiln",)),)), "23"),  # no brand is not that brand
        (Filter(must_not=(Range("price", lt=10),)), "13"),
        (Filter(should=(Match("id", ("1",)), Match("id", ("2",)))), "12"),
        (Match("id", tuple(map(str, range(10_000)))), "123"),
        (Match("category", (*map(str, range(10_000)), "Home")), "12"),
    ],
)
def test_each_kind_of_condition(database: Database, condition: Condition | None, expected: str) -> None:
    names = {key: payload["id"] for key, payload in store(database, SHOP).items()}
    assert "".join(sorted(names[key] for key in selected(database, condition))) == expected


def test_times_are_compared_to_the_microsecond(database: Database) -> None:
    moment = datetime(2025, 1, 31, 12, 0, 0, 123457, UTC)
    seconds = epoch_seconds(moment)
    assert seconds is not None
    store(database, [Product("1", "Mug", created_at=moment)])
    tick = timedelta(microseconds=1).total_seconds()
    for bounds, inside in [
        ({"gte": seconds}, True),
        ({"gt": seconds}, False),
        ({"lte": seconds}, True),
        ({"lt": seconds}, False),
        ({"gt": seconds - tick, "lt": seconds + tick}, True),
        ({"gte": seconds + tick / 2}, False),
        ({"lte": seconds - tick / 2}, False),
        ({"gte": -1e17, "lte": 1e17}, True),
    ]:
        assert bool(selected(database, Range("created_at", **bounds))) is inside, bounds


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(InvalidQuery, match="'colour' is not filterable; filterable fields are: brand"):
        where(Match("colour", ("red",)))
