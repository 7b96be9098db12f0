"""Products that are remembered are those of the database, whoever changes it and however."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from service.core.types import Product
from service.store.catalog import delete_products, patch_product, product_ids, serving_rows, upsert_products
from service.store.database import Database, open_database

NAMES = [str(number) for number in range(20)]


@pytest.fixture
def file(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/shop.db"


@pytest.fixture
def database(file: str) -> Iterator[Database]:
    opened = open_database(file)
    with opened.session() as session:
        upsert_products(
            session, [Product(name, f"Mug {name}", stock=5, attributes={"colour": "red"}) for name in NAMES]
        )
    yield opened
    opened.close()


def keys(database: Database) -> list[int]:
    with database.session() as session:
        return sorted(product_ids(session, "default", NAMES).values())


def is_as_read(database: Database, ids: list[int]) -> bool:
    with database.session() as session:
        read = serving_rows(session, "default", ids)
    return {product: one.row for product, one in database.products("default", ids).items()} == read


def test_what_another_process_changes_counts_at_once(database: Database, file: str) -> None:
    ids, draw = keys(database), Random(3)
    other = open_database(file)  # connections of its own, as another process has
    changes = (
        lambda session, name: patch_product(session, "default", name, {"stock": draw.randrange(3)}),
        lambda session, name: patch_product(session, "default", name, {"visible": draw.random() < 0.5}),
        lambda session, name: patch_product(session, "default", name, {"attributes": {"size": draw.choice("SML")}}),
        lambda session, name: delete_products(session, "default", [name]),
        lambda session, name: upsert_products(session, [Product(name, "Again", price_minor=5, currency="EUR")]),
        # by hand, without anything that our own writes do beside it
        lambda session, name: session.connection().execute(
            text("UPDATE product SET stock = 0 WHERE external_id = :name"), {"name": name}
        ),
    )
    gone: set[str] = set()
    for number in range(120):
        assert is_as_read(database, ids)
        change = changes[number % len(changes)]
        name = draw.choice(NAMES)
        if name in gone and number % len(changes) < 3:
            continue
        gone = gone | {name} if number % len(changes) == 3 else gone - {name} if number % len(changes) == 4 else gone
        with (other if number % 2 else database).session() as session:
            change(session, name)
    other.close()
    assert is_as_read(database, ids)


def test_what_is_not_committed_does_not_count(database: Database) -> None:
    [first, *_] = keys(database)
    with database.session() as session:
        patch_product(session, "default", "0", {"stock": 0})
        assert database.products("default", [first])[first].row.stock == 5
    assert database.products("default", [first])[first].row.stock == 0


def test_what_did_not_change_stays_the_same_object(database: Database) -> None:
    first, second, *_ = keys(database)
    before = database.products("default", [first, second])
    with database.session() as session:
        patch_product(session, "default", "0", {"stock": 1})
    after = database.products("default", [first, second])
    assert after[second] is before[second]
    assert after[first].row.stock == 1
    assert not after[first].made


def test_other_tenants_and_missing_products_are_left_out(database: Database) -> None:
    [first, *_] = keys(database)
    assert database.products("elsewhere", [first]) == {}
    assert list(database.products("default", [999, first])) == [first]


def test_a_closed_database_is_read_again_when_it_is_asked(database: Database) -> None:
    [first, *_] = keys(database)
    assert database.products("default", [first])
    database.close()
    assert database.products("default", [first])
