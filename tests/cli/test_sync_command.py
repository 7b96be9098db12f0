"""`vitrine sync`, and `vitrine train` where a shop's own database is read, which the environment names."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.settings import load_settings
from indexer.retrain import train_environment
from tests.shop_database import ShopDatabase

Vitrine = Callable[..., Any]
MARKET = ("--profile", "marketplace")


@pytest.fixture
def shop(tmp_path: Path, clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> ShopDatabase:
    """Two products, and one buyer: too little to train on."""
    shop = ShopDatabase(f"sqlite:///{tmp_path}/shop.db")
    shop.product("a")
    shop.product("b")
    shop.order("anna", "a")
    monkeypatch.setenv("DATABASE_URL", shop.url)
    return shop


def test_what_is_new_is_told_by_kind_and_ours_is_kept_elsewhere(shop: ShopDatabase, vitrine: Vitrine) -> None:
    taken = vitrine("sync", *MARKET, "--json").json["taken"]
    assert {kind: one["added"] for kind, one in taken.items()} == {
        "products": 2, "orders": 1, "carts": 0, "wishlists": 0,
    }  # fmt: skip
    assert "0 new, 0 changed, 0 taken back" in vitrine("sync", *MARKET).out
    theirs = sqlite3.connect(shop.url.removeprefix("sqlite:///")).execute("SELECT name FROM sqlite_master").fetchall()
    assert "interaction" not in {name for (name,) in theirs}
    assert vitrine("status", *MARKET, "--json").json["products"] == 2


def test_a_shop_too_small_to_train_on_is_read_and_counted_all_the_same(shop: ShopDatabase, vitrine: Vitrine) -> None:
    assert "nothing to train on: 1 users" in vitrine("train", *MARKET).complaint
    assert vitrine("status", *MARKET, "--json").json["products"] == 2
    path = load_settings().data_dir / "vitrine.db"
    assert sqlite3.connect(path).execute("SELECT name FROM snapshot ORDER BY 1").fetchall() == [
        ("kinds:default",), ("popular:default",), ("source:default",),
    ]  # fmt: skip


def test_a_shop_that_does_not_answer_stops_the_training_with_one_line(
    clean_environment: None, vitrine: Vitrine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://anna:g3heim@127.0.0.1:1/shop")
    for command in ("sync", "train"):
        outcome = vitrine(command, *MARKET)
        assert outcome.code == 1
        assert "of the shop" in outcome.complaint
        assert "does not answer" in outcome.complaint
        assert "g3heim" not in outcome.complaint


def test_without_a_url_or_a_source_it_says_what_to_set(clean_environment: None, vitrine: Vitrine) -> None:
    assert "set VITRINE_SOURCE_URL or DATABASE_URL" in vitrine("sync", *MARKET).complaint
    assert "--profile marketplace" in vitrine("sync").complaint
    assert "nothing to train on: 0 users" in vitrine("train", *MARKET).complaint  # as with the demo's own shoppers


def test_the_training_of_the_schedule_is_told_where_the_shop_is(shop: ShopDatabase) -> None:
    settings = load_settings(profile="marketplace")
    environment = train_environment(settings)
    assert environment["VITRINE_SOURCE_URL"] == shop.url
    assert "VITRINE_DATABASE_URL" not in environment
