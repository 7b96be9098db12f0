"""Suggestions follow the catalogue and what people search for, and outlive a silent database."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.params import load_params
from service.core.errors import DependencyUnavailable
from service.core.searched import Searched
from service.core.types import EventType, Interaction, Product
from service.store.catalog import upsert_products
from service.store.database import Database, open_database
from service.store.events import record_events
from service.store.search_events import write_searches
from service.suggest import LiveSuggestions

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Database:
    return open_database(f"sqlite:///{tmp_path}/shop.db")


def put(shop: Database, *products: Product) -> None:
    with shop.session() as session:
        upsert_products(session, products)


def answer(shop: Database, query: str, visitors: int, found: int = 5) -> None:
    with shop.session() as session:
        write_searches(
            session,
            [
                Searched("default", f"{query}/{who}", NOW, query, found, False, None, who)
                for who in range(visitors)
            ],
        )  # fmt: skip


def live(shop: Database) -> LiveSuggestions:
    return LiveSuggestions(shop, lambda: NOW, load_params().suggest.model_copy(update={"refresh_s": 0.0}))


def completed(suggestions: LiveSuggestions, typed: str) -> list[str]:
    return [one.text for one in suggestions.current("default").complete(typed, 9)]


def soon(holds: Callable[[], bool]) -> bool:
    for _ in range(500):
        if holds():
            return True
        time.sleep(0.01)
    return False


def test_a_new_product_is_suggested_a_moment_later(shop: Database) -> None:
    put(shop, Product("1", "Blue mug"), Product("2", "Blue lamp", stock=0), Product("3", "Blue bag", visible=False))
    suggestions = live(shop)
    assert completed(suggestions, "blue") == ["Blue mug"]
    put(shop, Product("4", "Blue kettle", category=("Home", "Kitchen")))
    assert soon(lambda: len(completed(suggestions, "blue")) == 2)
    assert [(one.kind, one.id) for one in suggestions.current("default").complete("kit", 9)] == [
        ("category", "Home > Kitchen")
    ]
    assert not suggestions.current("another").complete("blue", 9)
    suggestions.close()


def test_queries_that_led_to_clicks_come_before_those_that_more_people_made(shop: Database) -> None:
    put(shop, Product("1", "Kettle"))
    answer(shop, "blue mug", 5)
    answer(shop, "blue bag", 3)
    answer(shop, "blue hat", 2)
    assert completed(live(shop), "blue") == ["blue mug", "blue bag"]
    clicks = [
        Interaction(EventType.CLICK, NOW, session=f"s{who}", product="1", request_id=f"blue bag/{who}")
        for who in (0, 1)
    ]
    with shop.session() as session:
        record_events(session, clicks, unknown_products="refuse", now=NOW)
    assert completed(live(shop), "blue") == ["blue bag", "blue mug"]  # 1 + 2 x 4 against 5


def test_a_query_that_only_ever_found_nothing_is_not_suggested(shop: Database) -> None:
    put(shop, Product("1", "Kettle"))
    answer(shop, "blue unicorn", 3, found=0)
    answer(shop, "blue mug", 3, found=0)
    answer(shop, "blue mug", 1)
    assert completed(live(shop), "blue") == ["blue mug"]
    taken = Interaction(EventType.CLICK, NOW, session="s", product="1", request_id="blue unicorn/0")
    with shop.session() as session:
        record_events(session, [taken], unknown_products="refuse", now=NOW)
    assert completed(live(shop), "blue") == ["blue unicorn", "blue mug"]  # what stood in for it was welcome


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
        assert len(completed(suggestions, "blue")) == 1
        time.sleep(0.01)
    suggestions.close()
