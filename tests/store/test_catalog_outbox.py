"""What the index still has to do, and that it is never told too little."""

from collections.abc import Sequence
from dataclasses import replace

from service.core.types import Product
from service.store.catalog import (
    StaleProduct,
    all_indexed,
    count_stale,
    delete_products,
    drop_deleted,
    get_product,
    known_ids,
    mark_all_stale,
    mark_indexed,
    mark_stale,
    take_stale,
    upsert_products,
)
from service.store.database import Database
from service.store.payload import content_hash, product_payload

MUG = Product("mug", "Blue mug", stock=3)


def put(database: Database, *products: Product) -> None:
    with database.session() as session:
        upsert_products(session, products)


def take(database: Database) -> list[StaleProduct]:
    with database.session() as session:
        return take_stale(session, limit=100)


def mark(database: Database, rows: Sequence[StaleProduct]) -> None:
    with database.session() as session:
        mark_indexed(session, [(row.id, row.content_hash, row.payload_hash, row.content_hash) for row in rows])


def test_a_new_product_waits_with_the_hashes_of_what_it_is(database: Database) -> None:
    put(database, MUG)
    [row] = take(database)
    assert row.content_hash == content_hash(row.product)
    assert row.payload_hash == product_payload(row.product)["payload_hash"]
    assert row.indexed_hash is None
    mark(database, [row])
    with database.session() as session:
        assert count_stale(session) == 0
        [indexed] = all_indexed(session, 0, 10)
    assert (indexed.external_id, indexed.indexed_hash, indexed.stale) == ("mug", row.content_hash, False)


def test_the_outbox_is_taken_in_pieces_by_ascending_id(database: Database) -> None:
    put(database, *(Product(f"p{i}", "x") for i in range(5)))
    with database.session() as session:
        first = take_stale(session, limit=2)
        rest = take_stale(session, limit=10, after_id=first[-1].id)
        everything = all_indexed(session, 0, 3) + all_indexed(session, first[-1].id + 1, 10)
    ids = [row.id for row in first + rest]
    assert len(ids) == 5
    assert ids == sorted(ids) == [row.id for row in everything]


def test_a_product_that_changed_while_it_was_indexed_stays_in_the_outbox(database: Database) -> None:
    put(database, MUG)
    taken = take(database)
    put(database, replace(MUG, stock=0))
    mark(database, taken)
    [row] = take(database)
    assert row.product.stock == 0
    assert row.indexed_hash == row.content_hash  # the vectors still fit: only the payload is to be written


def test_vectors_are_remembered_as_what_they_were_made_from_even_if_the_product_changes_back(
    database: Database,
) -> None:
    put(database, MUG)
    mark(database, take(database))
    red = replace(MUG, name="Red mug")
    put(database, red)
    taken = take(database)
    put(database, MUG)  # blue again, while the index is writing red
    mark(database, taken)
    [row] = take(database)
    assert (row.content_hash, row.indexed_hash) == (content_hash(MUG), content_hash(red))


def test_a_product_deleted_while_it_was_indexed_stays_in_the_outbox(database: Database) -> None:
    put(database, MUG)
    taken = take(database)
    with database.session() as session:
        delete_products(session, "default", ["mug"])
    mark(database, taken)
    [row] = take(database)
    assert row.deleted
    with database.session() as session:
        assert known_ids(session, [row.id, row.id + 1]) == {row.id}
        drop_deleted(session, [row.id])
        assert count_stale(session) == 0
        assert known_ids(session, [row.id]) == set()


def test_dropping_spares_what_is_alive(database: Database) -> None:
    put(database, MUG)
    with database.session() as session:
        drop_deleted(session, [get_product(session, "default", "mug").id])
        assert get_product(session, "default", "mug").product.name == "Blue mug"


def test_everything_can_be_put_back_with_and_without_its_vectors(database: Database) -> None:
    put(database, MUG, replace(MUG, external_id="cup"))
    mark(database, take(database))
    with database.session() as session:
        mark_all_stale(session, forget_vectors=False)
    rows = take(database)
    assert [row.indexed_hash for row in rows] == [row.content_hash for row in rows]
    mark(database, rows)
    with database.session() as session:
        mark_stale(session, [rows[0].id])
    assert [(row.id, row.indexed_hash) for row in take(database)] == [(rows[0].id, None)]
    with database.session() as session:
        mark_all_stale(session, forget_vectors=True)
    assert [row.indexed_hash for row in take(database)] == [None, None]


def test_nothing_to_mark_or_drop_is_fine(database: Database) -> None:
    with database.session() as session:
        mark_indexed(session, [])
        drop_deleted(session, [])
        mark_stale(session, [])
