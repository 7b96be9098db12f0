"""Changes of products also reach the collection of the release in force."""

from typing import Any

import numpy as np
import pytest

from service.core.fields import with_attributes
from service.core.types import Product
from service.store.catalog import delete_products, patch_product
from service.store.spaces import behaviour_space
from service.store.vectors import Point

NAME = "behaviour__r1"


@pytest.fixture
def told(shop: Any) -> Any:
    """A shop with two indexed products, of which a release knows the first."""
    shop.put(Product("a", "Mug", stock=3), Product("b", "Lamp", stock=3))
    shop.index()
    shop.store.create(behaviour_space("r1", 2, with_attributes(("colour",))))
    shop.store.upsert(NAME, [Point(shop.get("a").id, {"cf": np.ones(2, np.float32)}, {"stock": 3, "rules": [1]})])
    return shop.with_outbox(also=lambda: (NAME,))


def payloads(shop: Any) -> list[dict[str, Any]]:
    return [record.payload for record in shop.store.scroll(NAME, payload=("stock", "id", "rules"))]


def test_a_changed_stock_reaches_the_release_and_its_rules_stay(told: Any) -> None:
    with told.database.session() as session:
        patch_product(session, "default", "a", {"stock": 0})
        patch_product(session, "default", "b", {"stock": 0})
    told.index()
    assert payloads(told) == [{"id": "a", "stock": 0, "rules": [1]}]


def test_a_product_that_is_embedded_again_reaches_the_release(told: Any) -> None:
    with told.database.session() as session:
        patch_product(session, "default", "a", {"name": "Cup", "stock": 1})
    told.index()
    assert payloads(told)[0]["stock"] == 1


def test_a_deleted_product_leaves_the_release(told: Any) -> None:
    with told.database.session() as session:
        delete_products(session, "default", ["a", "b"])
    told.index()
    assert payloads(told) == []


def test_a_release_that_was_dropped_meanwhile_is_no_failure(told: Any) -> None:
    told.store.drop(NAME)
    with told.database.session() as session:
        patch_product(session, "default", "a", {"stock": 0})
    assert told.index().updated == 1
