"""Suggestions follow the catalogue, and outlive a silent database."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.core.errors import DependencyUnavailable
from service.core.types import Product
from service.store.catalog import upsert_products
from service.store.database import Database, open_database
from service.suggest import LiveSuggestions


@pytest.fixture
def shop(tmp_path: Path) -> Database:
    return open_database(f"sqlite:///{tmp_path}/shop.db")


def put(shop: Database, *products: Product) -> None:
    with shop.session() as session:
        upsert_products(session, products)


def live(shop: Database) -> LiveSuggestions:
    return LiveSuggestions(shop, lambda: datetime(2026, 3, 1, tzinfo=UTC), refresh_s=0.0)


def soon(holds: Callable[[], bool]) -> bool:
    for _ in range(500):
        if holds():
            return True
        time.sleep(0.01)
    return False


def test_a_new_product_is_suggested_a_moment_later(shop: Database) -> None:
    put(shop, Product("1", "Blue mug"), Product("2", "Blue lamp", stock=0), Product("3", "Blue bag", visible=False))
    suggestions = live(shop)
    assert [one.text for one in suggestions.current("default").complete("blue", 9)] == ["Blue mug"]
    put(shop, Product("4", "Blue kettle", category=("Home", "Kitchen")))
    assert soon(lambda: len(suggestions.current("default").complete("blue", 9)) == 2)
    assert [(one.kind, one.id) for one in suggestions.current("default").complete("kit", 9)] == [
        ("category", "Home > Kitchen")
    ]
    assert not suggestions.current("another").complete("blue", 9)
    suggestions.close()


def test_while_nothing_changes_nothing_is_made_anew(shop: Database) -> None:
    put(shop, Product("1", "Blue mug"))
    suggestions = live(shop)
    first = suggestions.current("default")
    for _ in range(20):
        assert suggestions.current("default") is first
        time.sleep(0.005)
    suggestions.close()


def test_a_database_that_fails_leaves_the_last_ones_in_force(shop: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    put(shop, Product("1", "Blue mug"))
    suggestions = live(shop)
    suggestions.current("default")

    def fails(*_: object) -> None:
        raise DependencyUnavailable("the database does not answer")

    monkeypatch.setattr("service.suggest.catalogue_version", fails)
    for _ in range(5):
        assert len(suggestions.current("default").complete("blue", 9)) == 1
        time.sleep(0.01)
    suggestions.close()
