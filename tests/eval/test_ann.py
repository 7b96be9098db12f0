"""Approximate search is compared with exact search on a real collection."""

from pathlib import Path

import numpy as np
import pytest

from eval.ann import ann_recall, recall_by_score
from service.core.fields import PRODUCT_FIELDS
from service.store.edge import EdgeStore
from service.store.spaces import PRODUCTS, products_space
from service.store.vectors import Hits, Point


def test_recall_counts_how_much_of_the_exact_list_was_found() -> None:
    exact = Hits(np.array([1, 2, 3, 4]), np.array([0.9, 0.8, 0.7, 0.6], np.float32))
    found = Hits(np.array([1, 3, 8, 9]), np.array([0.9, 0.7, 0.5, 0.4], np.float32))
    assert recall_by_score(found, exact) == 0.5


def test_every_slot_is_measured_with_and_without_filters(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path)
    store.create(products_space(16, None, PRODUCT_FIELDS))
    rng = np.random.default_rng(5)
    points = [
        Point(
            i,
            {"text": rng.normal(size=16).astype(np.float32)},
            {"brand": f"b{i % 3}", "in_stock": i % 2 == 0, "price": i},
        )
        for i in range(1, 301)
    ]
    store.upsert(PRODUCTS, points)
    rows = ann_recall(store, ("text",), queries=20)
    store.close()
    matching = {row.filter: row.matching for row in rows}
    assert matching["none"] == 1.0
    assert matching["in stock"] == 0.5
    assert matching["brand = b0"] == pytest.approx(1 / 3)
    assert all(row.recall == 1.0 for row in rows)  # so few points are searched exactly
