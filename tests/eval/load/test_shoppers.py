"""Who asks for what is drawn from what the shop knows."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import orjson
import pytest

from eval.load.asks import some_asks
from eval.load.mix import shares_of
from eval.load.shoppers import Draw, Shoppers, shoppers_of
from service.core.errors import InvalidQuery, NotFound
from service.core.types import EventType, Interaction, Product
from service.store.catalog import upsert_products
from service.store.database import Database
from service.store.events import record_events

NOW = datetime(2025, 5, 1, tzinfo=UTC)
SHOPPERS = Shoppers(["a", "b", "c", "d"], ["Red mug", "Blue lamp", "Bag", "Pen"], {"busy": 9, "calm": 1}, {"mug": 2})


def test_a_shop_tells_its_users_products_and_searches(
    database: Database, small_shop: Callable[[], list[Product]]
) -> None:
    events = [
        *(Interaction(EventType.VIEW, NOW, user="busy", product="bag-3", event_id=str(i)) for i in range(3)),
        Interaction(EventType.VIEW, NOW, user="calm", product="mug-2"),
        Interaction(EventType.SEARCH, NOW, user="calm", query="red bag"),
    ]
    with database.session() as session:
        upsert_products(session, small_shop())
        record_events(session, events, unknown_products="keep", now=NOW)
    found = shoppers_of(database)
    assert found.products[:2] == ["bag-3", "mug-2"]
    assert found.names[0] == "Green Bag"
    assert "lamp-4" not in found.products  # hidden
    assert (found.users, found.searches) == ({"busy": 3, "calm": 2}, {"red bag": 1})


def test_a_shop_without_products_cannot_be_loaded(database: Database) -> None:
    with pytest.raises(NotFound, match="load products first"):
        shoppers_of(database)


def test_the_active_and_the_popular_come_more_often() -> None:
    draw = Draw(SHOPPERS, seed=1)
    users = Counter(draw.user() for _ in range(2000))
    assert users["busy"] / 2000 == pytest.approx(0.9, abs=0.03)
    products = Counter(draw.product() for _ in range(2000))
    total = 1 + 1 / 2 + 1 / 3 + 1 / 4
    assert [products[p] / 2000 for p in "abcd"] == pytest.approx([1 / r / total for r in (1, 2, 3, 4)], abs=0.04)


def test_searches_are_those_of_the_log_or_each_new() -> None:
    logged = Draw(SHOPPERS, seed=1)
    assert {logged.words() for _ in range(10)} == {"mug"}
    fresh = Draw(SHOPPERS, seed=1, fresh=True)
    assert len({fresh.words() for _ in range(500)}) == 500


def test_a_mix_has_its_shares_and_the_same_seed_gives_the_same_requests() -> None:
    shares = shares_of("mix", None)
    asks = some_asks(Draw(SHOPPERS, seed=3, newcomers=0.5), shares, 2000, n=7, batch=4)
    counts = Counter(ask.surface for ask in asks)
    assert [counts[name] / 2000 for name in shares] == pytest.approx([0.6, 0.2, 0.15, 0.05], abs=0.03)
    again = some_asks(Draw(SHOPPERS, seed=3, newcomers=0.5), shares, 2000, n=7, batch=4)
    assert [(ask.surface, ask.path) for ask in asks] == [(ask.surface, ask.path) for ask in again]
    homes = Counter(ask.path for ask in asks if ask.surface == "home")
    assert homes["/v1/home?n=7"] / counts["home"] == pytest.approx(0.5, abs=0.05)
    events = orjson.loads(next(ask.body for ask in asks if ask.surface == "events"))["events"]
    assert len(events) == 4
    assert set(events[0]) <= {"type", "product", "user", "session", "event_id"}
    assert len({event["event_id"] for event in events}) == 4


@pytest.mark.parametrize(
    ("surface", "mix", "why"),
    [
        ("front", None, "no surface 'front'"),
        ("mix", "home=much", "'home=much' is no share"),
        ("mix", "front=1", "no surface 'front'"),
        ("mix", "home=0", "one above 0"),
        ("home", "home=1", "goes with --surface mix"),
    ],
)
def test_a_mix_that_makes_no_sense_is_named(surface: str, mix: str | None, why: str) -> None:
    with pytest.raises(InvalidQuery, match=why):
        shares_of(surface, mix)
