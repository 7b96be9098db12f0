"""A condition that all points meet is not asked of the engine, and is from the moment on that one does not meet it."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from service.core.filters import Filter, HasId, Match
from service.store.edge import EdgeStore
from service.store.edge_everywhere import Everywhere
from service.store.spaces import products_space
from service.store.vectors import Point, VectorQuery

IN_STOCK, OURS = Match("in_stock", (True,)), Match("tenant", ("default",))


def test_only_what_all_points_meet_is_left_out() -> None:
    counts = {None: 3, Filter(must=(OURS,)): 3, Filter(must=(IN_STOCK,)): 2}
    everywhere = Everywhere(counts.__getitem__)
    but = HasId(frozenset((7,)))
    assert everywhere.needed(Filter(must=(OURS, IN_STOCK))) == Filter(must=(IN_STOCK,))
    assert everywhere.needed(Filter(must=(OURS,))) is None
    assert everywhere.needed(Filter(must=(OURS,), must_not=(but,))) == Filter(must_not=(but,))
    assert everywhere.needed(Filter(should=(OURS, IN_STOCK))) == Filter(should=(OURS, IN_STOCK))
    assert everywhere.needed(Filter(must=(Match("brand", ("LG",)),))) == Filter(must=(Match("brand", ("LG",)),))
    assert everywhere.needed(None) is None


def test_a_count_that_a_write_overtakes_proves_nothing() -> None:
    def count(_: Filter | None) -> int:
        everywhere.written()
        return 3

    everywhere = Everywhere(count)
    assert everywhere.needed(Filter(must=(OURS,))) == Filter(must=(OURS,))


def test_searches_are_right_after_each_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.store.edge_everywhere.AGAIN_S", 0.0)
    store, draw = EdgeStore(tmp_path), Random(5)
    store.create(products_space(2, None, {}))
    in_stock = dict.fromkeys(range(1, 31), True)
    vector = np.array([1, 0], np.float32)
    store.upsert(
        "products", [Point(key, {"text": vector}, {"tenant": "default", "in_stock": True}) for key in in_stock]
    )
    query = VectorQuery("text", vector, 100, Filter(must=(OURS, IN_STOCK)))
    for turn in range(60):
        if turn % 3 == 0:  # most often all are in stock, so that it is left out
            in_stock = dict.fromkeys(in_stock, True)
            store.set_payload("products", {key: {"in_stock": True} for key in in_stock})
        else:
            key = draw.choice(list(in_stock))
            in_stock[key] = turn % 3 == 2
            store.set_payload("products", {key: {"in_stock": in_stock[key]}})
        for _ in range(2):
            [found] = store.search("products", [query])
            assert set(found.ids.tolist()) == {key for key, one in in_stock.items() if one}
    store.close()
