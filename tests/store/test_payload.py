"""The payload is the same however a product is read."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from service.core.fields import PRODUCT_FIELDS, category_paths
from service.core.types import Product
from service.store.catalog import get_products, serving_rows, take_stale, upsert_products
from service.store.database import Database
from service.store.payload import ancestors, category_path, content_hash, discount, major_price, product_payload
from service.store.tables import PRODUCT


def test_every_field_of_the_schema_is_always_there() -> None:
    assert set(product_payload(Product("1", ""))) == {*PRODUCT_FIELDS, "attributes", "payload_hash"}


def test_unknown_values_are_there_as_none() -> None:
    payload = product_payload(Product("1", ""))
    assert {name for name, value in payload.items() if value is None} == {
        "brand", "currency", "price", "discount", "rating", "stock", "created_at"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("minor", "currency", "major"),
    [(1299, "EUR", 12.99), (1299, "JPY", 1299), (1299, "KWD", 1.299), (1299, None, 12.99), (None, "EUR", None)],
)
def test_a_price_has_as_many_decimals_as_its_currency(minor: int | None, currency: str, major: float | None) -> None:
    assert major_price(minor, currency) == major


@pytest.mark.parametrize(
    ("price", "original", "share"),
    [(75, 100, 0.25), (100, 100, 0), (120, 100, 0), (100, None, 0), (None, 100, None), (0, 100, 1), (0, 0, 0)],
)
def test_a_discount_needs_a_higher_original_price(price: int | None, original: int | None, share: float | None) -> None:
    assert discount(price, original) == share


@pytest.mark.parametrize(("stock", "available"), [(None, True), (1, True), (0, False), (-1, False)])
def test_untracked_stock_counts_as_available(stock: int | None, available: bool) -> None:
    assert product_payload(Product("1", "", stock=stock))["in_stock"] is available


@pytest.mark.parametrize("category", [(), ("Home",), ("Home", "Kitchen", "Mugs"), ("A>B", "C")])
def test_an_ordinary_category_has_one_ancestor_per_level(category: tuple[str, ...]) -> None:
    assert ancestors(category_path(category)) == category_paths(category)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"stock": 1}, {"stock": 0}, True),
        ({"price_minor": 1}, {"price_minor": 2}, True),
        ({"rating": 1.0}, {"rating": 2.0}, True),
        ({"image": "a.jpg"}, {"image": "b.jpg"}, False),
        ({"brand": "a"}, {"brand": "b"}, False),
        ({"tags": ("a",)}, {"tags": ("b",)}, False),
        ({"attributes": {"a": "1", "b": "2"}}, {"attributes": {"b": "2", "a": "1"}}, True),
        ({"attributes": {"a": 2}}, {"attributes": {"a": 2.0}}, True),
        ({"attributes": {"a": "2"}}, {"attributes": {"a": 2}}, False),
    ],
)
def test_only_what_encoders_read_makes_new_vectors(
    one: dict[str, object], other: dict[str, object], same: bool
) -> None:
    first, second = Product("1", "Mug", **one), Product("1", "Mug", **other)  # type: ignore[arg-type]
    assert (content_hash(first) == content_hash(second)) is same


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_payload_and_hashes_are_the_same_before_and_after_the_database(
    database: Database, any_product: st.SearchStrategy[Product], data: st.DataObject
) -> None:
    product = data.draw(any_product)
    with database.session() as session:
        session.connection().execute(delete(PRODUCT))
        upsert_products(session, [product])
        [row] = take_stale(session, limit=10)
        [serving] = serving_rows(session, product.tenant, [row.id]).values()
        [stored] = get_products(session, [row.id]).values()
    payload = product_payload(product)
    assert row.product == stored.product == product
    assert product_payload(stored.product) == payload
    assert (row.content_hash, row.payload_hash) == (content_hash(product), payload["payload_hash"])
    assert content_hash(stored.product) == row.content_hash
    assert serving.payload() | {"payload_hash": row.payload_hash} == payload
