"""What others took after the same words moves it up, once enough of them did."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from config.params import load_params
from service.context import Request
from service.core.errors import DependencyUnavailable
from service.core.types import EventType, Interaction, Product
from service.pipeline import recommend
from service.runtime import Runtime
from service.served_chosen import MOST_PRODUCTS, LiveChosen, make_chosen
from service.store.catalog import product_ids, upsert_products
from service.store.database import Database, open_database
from service.store.events import record_events
from service.store.search_counts import TakenProduct, products_taken

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path, small_shop: Callable[[], list[Product]]) -> Database:
    database = open_database(f"sqlite:///{tmp_path}/shop.db")
    with database.session() as session:
        upsert_products(session, small_shop())
    return database


def click(shop: Database, product: str, *people: str, query: str = "mug", at: datetime = NOW) -> None:
    clicks = [Interaction(EventType.CLICK, at, user=who, product=product, query=query) for who in people]
    with shop.session() as session:
        record_events(session, clicks, unknown_products="refuse", now=NOW)


def live(shop: Database) -> LiveChosen:
    params = load_params()
    return LiveChosen(shop, params.search, params.events.weights, 0.0, lambda: NOW)


def chosen(shop: Database, query: str) -> list[str]:
    found = live(shop).current("default", query)
    with shop.session() as session:
        ids = product_ids(session, "default", [f"{kind}-{n}" for kind in ("mug", "lamp", "bag") for n in range(1, 5)])
    names = {key: name for name, key in ids.items()}
    return [] if found is None else [names[key] for key in found[0].tolist()]


def test_three_people_are_enough_and_two_are_not(shop: Database) -> None:
    click(shop, "mug-3", "anna", "ben")
    click(shop, "mug-3", "anna")
    assert chosen(shop, "mug") == []
    click(shop, "mug-3", "eve", query="  MUG ")
    assert chosen(shop, " Mug") == ["mug-3"]
    assert chosen(shop, "mugs") == []
    click(shop, "mug-1", "anna", "ben", "eve", "dan")
    assert chosen(shop, "mug") == ["mug-1", "mug-3"]


def test_what_was_taken_long_ago_does_not_count(shop: Database) -> None:
    click(shop, "mug-3", "anna", "ben", "eve", at=NOW - timedelta(days=91))
    assert chosen(shop, "mug") == []


def test_a_query_keeps_the_best_of_its_products() -> None:
    taken = [TakenProduct("mug", product, 3, float(product)) for product in range(1, MOST_PRODUCTS + 5)]
    kept = make_chosen([TakenProduct("lamp", 7, 3, 4.5), *taken])
    ids, scores = kept.of("mug") or ([], [])
    assert len(ids) == MOST_PRODUCTS
    assert (ids[0], scores[0]) == (MOST_PRODUCTS + 4, MOST_PRODUCTS + 4)
    assert [part.tolist() for part in kept.of("lamp") or ()] == [[7], [4.5]]


def test_search_ranks_what_was_chosen_higher_and_says_so(runtime: Runtime, shop: Database) -> None:
    request = Request("search", "r-1", "default", text="mug")
    silent = replace(runtime.services, chosen=live(shop).current, record=lambda *_: None)
    before = recommend(silent, request).items
    click(shop, "bag-2", "anna", "ben", "eve")  # the same keys as in the other shop: both hold the same products
    telling = replace(silent, chosen=live(shop).current)
    with shop.session() as session, runtime.database.session() as other:
        (key,) = product_ids(session, "default", ["bag-2"]).values()
        assert product_ids(other, "default", ["bag-2"]) == {"bag-2": key}
    after = recommend(telling, request).items
    rank = {item.product_id: item.rank for item in before}
    (bag,) = [item for item in after if item.product_id == key]
    assert bag.rank < rank[key]
    assert bag.contributions["chosen"] == pytest.approx(telling.params.surfaces["search"].weights["chosen"])
    assert bag.source == "chosen"


def test_a_database_that_fails_leaves_search_without_its_prior(shop: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise DependencyUnavailable("the database does not answer")

    monkeypatch.setattr("service.served_chosen.products_taken", fails)
    assert live(shop).current("default", "mug") is None


def test_nobody_waits_while_the_log_is_read_for_the_first_time(shop: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    click(shop, "mug-3", "anna", "ben", "eve")
    reading, go_on = Event(), Event()

    def slow(*arguments: Any, **named: Any) -> list[TakenProduct]:
        reading.set()
        assert go_on.wait(5)
        return products_taken(*arguments, **named)

    monkeypatch.setattr("service.served_chosen.products_taken", slow)
    kept = live(shop)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(kept.current, "default", "mug")
        assert reading.wait(5)
        assert kept.current("default", "mug") is None
        go_on.set()
        assert first.result() is not None
    kept.close()
