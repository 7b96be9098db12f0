"""What was shown and clicked, counted for the bandit, on both engines."""

from datetime import UTC, datetime, timedelta
from math import log2

import numpy as np
import pytest

from config.params import load_params
from indexer.exposure import count_exposure
from service.core.impression import Impression
from service.core.types import EventType, Interaction, Product, RankedItem
from service.store.catalog import product_ids, upsert_products
from service.store.database import Database
from service.store.events import record_events
from service.store.impressions import write_impressions

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
PARAMS = load_params().popular.model_copy(update={"exposure_half_life_days": 7.0, "window_days": 30.0})


def show(request_id: str, products: list[int], days_ago: float = 0) -> Impression:
    items = tuple(RankedItem(product, slot, 1.0, {}, 1.0, "cf", "personal") for slot, product in enumerate(products, 1))
    at = NOW - timedelta(days=days_ago)
    return Impression(request_id, "default", "home", None, {}, None, "anna", None, at, "personal", items)


def test_slots_count_by_their_place_and_age_and_clicks_once_per_request(database: Database) -> None:
    with database.session() as session:
        upsert_products(session, [Product("a", "A"), Product("b", "B"), Product("c", "C")])
        ids = product_ids(session, "default", ["a", "b", "c"])
        a, b, c = (ids[name] for name in "abc")
        write_impressions(session, [show("now", [a, b]), show("week", [b, 999], days_ago=7), show("old", [c], 40)])
        clicks = [
            Interaction(kind, NOW, user="anna", product=product, request_id=request_id)
            for kind, product, request_id in (
                (EventType.CLICK, "b", "now"), (EventType.CART, "b", "now"), (EventType.VIEW, "a", "now"),
                (EventType.CLICK, "a", None), (EventType.HIDE, "a", "now"),
            )
        ]  # fmt: skip
        record_events(session, clicks, unknown_products="refuse", now=NOW)
    products = np.array(sorted(ids.values()))
    found = count_exposure(database, "default", products, ["Home", "Home", None], PARAMS, NOW)
    assert found is not None
    assert found["ids"] == [a, b]  # c was shown too long ago, 999 is gone
    assert found["shown"] == pytest.approx([1.0, 1 / log2(3) + 0.5], rel=1e-5)
    assert found["clicked"] == [0.0, 1.0]
    assert found["rate"] == pytest.approx(1 / sum(found["shown"]), rel=1e-5)
    assert found["prior"][0] == found["prior"][1]  # one category


def test_before_anything_was_shown_there_is_nothing_to_tell(database: Database) -> None:
    assert count_exposure(database, "default", np.empty(0, np.int64), [], PARAMS, NOW) is None
