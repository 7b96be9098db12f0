"""Golden queries proposed from clicks can be asked at once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.params import load_params
from eval.golden.lines import Golden, read_golden
from eval.searches.golden import Proposed, golden_from_clicks
from service.core.types import EventType, Interaction, Product
from service.store.catalog import delete_products, upsert_products
from service.store.database import Database, open_database
from service.store.events import record_events

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ODD = ('a,b"c', "two words; brand: x", "#7", "=>", "x: y")


@pytest.fixture
def shop(tmp_path: Path) -> Database:
    database = open_database(f"sqlite:///{tmp_path}/shop.db")
    names = ("mug", "cup", "gone", "hidden", "sold-out", *ODD)
    with database.session() as session:
        upsert_products(
            session,
            [
                Product(name, "Thing", visible=name != "hidden", stock=0 if name == "sold-out" else None)
                for name in names
            ],
        )  # fmt: skip
    return database


def take(shop: Database, query: str, product: str, people: int, type: EventType = EventType.CLICK) -> None:
    events = [Interaction(type, NOW, user=f"u{who}", product=product, query=query) for who in range(people)]
    with shop.session() as session:
        record_events(session, events, unknown_products="refuse", now=NOW)


def search(shop: Database, query: str, people: int) -> None:
    events = [Interaction(EventType.SEARCH, NOW, user=f"u{who}", query=query) for who in range(people)]
    with shop.session() as session:
        record_events(session, events, unknown_products="refuse", now=NOW)


def proposed(shop: Database, people: int = 3, limit: int = 100) -> Proposed:
    weights = load_params().events.taste()
    return golden_from_clicks(
        shop, "default", days=90, people=people, weights=weights, limit=limit, ids=2, now=NOW
    )  # fmt: skip


def asked(found: Proposed, file: Path) -> list[tuple[str, tuple[str, ...]]]:
    file.write_text(found.text)
    return [(one.query, one.ids) for one in read_golden(file)]


def test_the_most_searched_query_comes_first_and_of_a_query_what_is_worth_most(shop: Database, tmp_path: Path) -> None:
    take(shop, "red mug", "mug", 3)
    take(shop, "Red  Mug", "cup", 3, EventType.PURCHASE)
    take(shop, "cup", "cup", 4)
    take(shop, "cup", "mug", 2)
    search(shop, "red mug", 9)
    assert asked(proposed(shop), tmp_path / "g.txt") == [("red mug", ("cup", "mug")), ("cup", ("cup",))]
    assert len(proposed(shop, limit=1).lines) == 1
    assert not proposed(shop, people=5).lines


def test_odd_ids_and_queries_survive_or_are_left_out_and_counted(shop: Database, tmp_path: Path) -> None:
    for name in ODD:
        take(shop, f"odd {name}", name, 3)
    take(shop, "# a remark", "mug", 3)
    take(shop, 'a => "b", c', "mug", 3)
    found = proposed(shop)
    read = asked(found, tmp_path / "g.txt")
    assert {(f"odd {name.casefold()}", (name,)) for name in ODD[:1]} <= set(read)
    assert ('a => "b", c', ("mug",)) in read
    assert len(read) + found.unwritable == len(ODD) + 2
    assert found.unwritable <= 3
    assert all(isinstance(one, Golden) and one.ids for one in read_golden(tmp_path / "g.txt"))


def test_what_cannot_be_found_is_not_expected(shop: Database) -> None:
    for name in ("gone", "hidden", "sold-out"):
        take(shop, "thing", name, 3)
    take(shop, "thing", "mug", 3)
    with shop.session() as session:
        delete_products(session, "default", ["gone"])
    found = proposed(shop)
    assert (found.lines, found.gone) == (("thing => ids: mug",), 3)
