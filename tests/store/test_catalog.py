"""Storing, finding, changing and deleting products, on both engines."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from service.core.errors import InvalidQuery, NotFound
from service.core.types import Product
from service.store.catalog import (
    Outcome,
    delete_products,
    get_product,
    get_products,
    patch_product,
    product_ids,
    take_stale,
    upsert_products,
)
from service.store.database import Database
from service.store.outbox import drop_deleted, mark_indexed

MUG = Product(
    "mug-1", "Blue mug", "Holds ₹ and 茶", "Kiln", ("Home", "Kitchen", "Mugs"), 1299, 1599, "EUR", 4.5, 12, "m.jpg",
    "https://shop/mug-1", 3, True, ("new", "blue"), {"colour": "blue", "sizes": ("S", "M"), "weight": 0.5},
    created_at=datetime(2025, 1, 31, 12, 0, 0, 123456, UTC),
)  # fmt: skip


def put(database: Database, *products: Product) -> list[Outcome]:
    with database.session() as session:
        return upsert_products(session, products)


def read(database: Database, external_id: str = "mug-1") -> Product:
    with database.session() as session:
        return get_product(session, "default", external_id).product


def settle(database: Database) -> None:
    """What the index does when it has worked off everything."""
    with database.session() as session:
        rows = take_stale(session, limit=100)
        mark_indexed(session, [(r.id, r.content_hash, r.payload_hash, r.content_hash) for r in rows if not r.deleted])
        drop_deleted(session, [r.id for r in rows if r.deleted])


def stale_ids(database: Database) -> Sequence[str]:
    with database.session() as session:
        return [row.product.external_id for row in take_stale(session, limit=100)]


def test_a_product_comes_back_exactly_as_it_was_stored(database: Database) -> None:
    assert put(database, MUG, Product("bare", "")) == [Outcome.CREATED, Outcome.CREATED]
    assert read(database) == MUG
    bare = read(database, "bare")
    assert bare == Product("bare", "", created_at=bare.created_at)
    assert bare.created_at is not None
    assert timedelta(0) <= datetime.now(UTC) - bare.created_at < timedelta(minutes=1)


def test_storing_the_same_again_writes_nothing(database: Database) -> None:
    put(database, MUG)
    settle(database)
    with database.session() as session:
        before = get_product(session, "default", "mug-1")
    assert put(database, MUG, replace(MUG, created_at=None)) == [Outcome.UNCHANGED, Outcome.UNCHANGED]
    with database.session() as session:
        assert get_product(session, "default", "mug-1") == before
    assert stale_ids(database) == []


@pytest.mark.parametrize(
    ("change", "goes_to_the_index"),
    [
        ({"name": "Red mug"}, True),
        ({"price_minor": 999}, True),
        ({"stock": 0}, True),
        ({"visible": False}, True),
        ({"attributes": {}}, True),
        ({"created_at": datetime(2025, 2, 1, tzinfo=UTC)}, True),
        ({"link": "https://shop/other"}, False),
    ],
)
def test_every_change_is_stored_and_the_index_hears_of_what_it_holds(
    database: Database, change: dict[str, object], goes_to_the_index: bool
) -> None:
    put(database, MUG)
    settle(database)
    changed = replace(MUG, **change)  # type: ignore[arg-type]
    assert put(database, changed) == [Outcome.UPDATED]
    assert read(database) == changed
    assert stale_ids(database) == (["mug-1"] if goes_to_the_index else [])


def test_an_original_price_without_effect_on_the_discount_is_stored_all_the_same(database: Database) -> None:
    put(database, replace(MUG, original_price_minor=None))
    assert put(database, replace(MUG, original_price_minor=1000)) == [Outcome.UPDATED]
    assert read(database).original_price_minor == 1000


def test_of_two_with_the_same_id_in_one_call_the_last_one_wins(database: Database) -> None:
    red = replace(MUG, name="Red mug")
    assert put(database, MUG, red, red) == [Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED]
    assert read(database).name == "Red mug"
    assert put(database, MUG, red) == [Outcome.UPDATED, Outcome.UPDATED]
    assert read(database).name == "Red mug"


def test_the_same_id_belongs_to_each_tenant_anew(database: Database) -> None:
    assert put(database, MUG, replace(MUG, tenant="other", name="Other mug")) == [Outcome.CREATED] * 2
    assert read(database).name == "Blue mug"
    with database.session() as session:
        assert get_product(session, "other", "mug-1").product.name == "Other mug"
        assert delete_products(session, "other", ["mug-1"]) == {"mug-1": True}
    assert read(database) == MUG


def test_times_of_any_zone_are_the_same_moment(database: Database) -> None:
    put(database, MUG)
    tokyo = timezone(timedelta(hours=9))
    assert put(database, replace(MUG, created_at=datetime(2025, 1, 31, 21, 0, 0, 123456, tokyo))) == [Outcome.UNCHANGED]
    naive = replace(MUG, created_at=datetime(2025, 1, 31, 12, 0, 0, 123456))
    assert put(database, naive) == [Outcome.UNCHANGED]


def test_a_deleted_product_is_gone_for_readers_and_waits_for_the_index(database: Database) -> None:
    put(database, MUG)
    settle(database)
    with database.session() as session:
        key = product_ids(session, "default", ["mug-1"])["mug-1"]
        assert delete_products(session, "default", ["mug-1", "nothing"]) == {"mug-1": True, "nothing": False}
    with database.session() as session:
        assert delete_products(session, "default", ["mug-1"]) == {"mug-1": False}
        assert get_products(session, [key]) == {}
        assert product_ids(session, "default", ["mug-1"]) == {}
        with pytest.raises(NotFound, match="'mug-1'"):
            get_product(session, "default", "mug-1")
        assert [(row.id, row.deleted) for row in take_stale(session, limit=10)] == [(key, True)]


def test_a_deleted_product_that_comes_back_keeps_its_key_and_is_embedded_anew(database: Database) -> None:
    put(database, MUG)
    settle(database)
    with database.session() as session:
        before = product_ids(session, "default", ["mug-1"])
        delete_products(session, "default", ["mug-1"])
    assert put(database, MUG) == [Outcome.CREATED]
    with database.session() as session:
        drop_deleted(session, list(before.values()))  # the index had begun to drop it
    with database.session() as session:
        assert product_ids(session, "default", ["mug-1"]) == before
        assert [(row.indexed_hash, row.deleted) for row in take_stale(session, limit=10)] == [(None, False)]


def test_a_key_is_never_used_twice(database: Database) -> None:
    put(database, MUG)
    with database.session() as session:
        first = product_ids(session, "default", ["mug-1"])["mug-1"]
        delete_products(session, "default", ["mug-1"])
    settle(database)
    put(database, MUG)
    with database.session() as session:
        assert product_ids(session, "default", ["mug-1"])["mug-1"] > first


def test_a_patch_changes_only_what_it_names(database: Database) -> None:
    put(database, MUG)
    with database.session() as session:
        patched = patch_product(session, "default", "mug-1", {"stock": 0, "tags": ()})
    assert patched.product == replace(MUG, stock=0, tags=()) == read(database)


def test_a_patch_of_nothing_known_is_refused(database: Database) -> None:
    put(database, MUG)
    with database.session() as session:
        with pytest.raises(InvalidQuery, match="cannot change colour, external_id; changeable fields are: attributes"):
            patch_product(session, "default", "mug-1", {"external_id": "2", "colour": "red"})
        with pytest.raises(NotFound):
            patch_product(session, "default", "cup", {"stock": 1})


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        (replace(MUG, description="a\x00b"), "description holds a NUL byte"),
        (replace(MUG, name="\ud800"), "name holds a NUL byte or half a surrogate pair"),
        (replace(MUG, attributes={"a": "\x00"}), "attributes.a holds a NUL"),
        (replace(MUG, tags=("\x00",)), "tags"),
        (replace(MUG, external_id="x" * 129), "1 to 128 characters"),
        (replace(MUG, external_id=""), "1 to 128 characters"),
        (replace(MUG, stock=2**63), "stock is 9223372036854775808, not a finite number"),
        (replace(MUG, rating=float("nan")), "rating is nan"),
        (replace(MUG, attributes={"a": 10**30}), "attributes.a is 1"),
    ],
)
def test_what_no_database_can_hold_is_refused_and_nothing_is_stored(
    database: Database, bad: Product, complaint: str
) -> None:
    with pytest.raises(InvalidQuery, match=complaint), database.session() as session:
        upsert_products(session, [Product("ok", "Fine"), bad])
    assert stale_ids(database) == []


def test_ids_that_cannot_exist_are_simply_not_found(database: Database) -> None:
    with database.session() as session:
        with pytest.raises(NotFound):
            get_product(session, "default", "a\x00b")
        assert product_ids(session, "default", ["a\x00b", "\udfff"]) == {}
        assert delete_products(session, "default", ["\x00"]) == {"\x00": False}
        assert get_products(session, []) == {}


def test_names_that_look_like_sql_are_just_names(database: Database) -> None:
    put(database, replace(MUG, external_id="'; DROP TABLE product; --", name='"%s" :x ? {0}'))
    assert read(database, "'; DROP TABLE product; --").name == '"%s" :x ? {0}'


def test_a_very_long_description_and_brand_are_kept(database: Database) -> None:
    big = replace(MUG, description="x" * 1_000_000, brand="".join(chr(97 + i * 7919 % 26) for i in range(50_000)))
    put(database, big)
    assert read(database) == big
