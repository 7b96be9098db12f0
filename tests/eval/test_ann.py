"""Approximate search is compared with exact search on real collections."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from config.settings import Settings
from eval.ann.filters import common_filters, selective_filters
from eval.ann.probes import live_probes
from eval.ann.quantisation import quantisation
from eval.ann.recall import recall_by_score
from eval.ann.report import ann_report, short_sweep_table
from eval.ann.run import ann
from service.core.errors import IndexNotReady
from service.core.fields import PRODUCT_FIELDS
from service.core.types import SparseVector
from service.store.edge import EdgeStore
from service.store.spaces import PRODUCTS, behaviour_name, behaviour_space, products_space, users_name, users_space
from service.store.vectors import Hits, Point

PRODUCT_COUNT, RELEASE = 1000, "r1"


def payload(i: int) -> dict[str, object]:
    return {
        "tenant": "default", "visible": True, "brand": f"b{i % 3}", "in_stock": i % 2 == 0, "price": float(i),
        "category": ["All", "All > Tenth"] if i % 10 == 0 else ["All"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collections of a small shop with a release."""
    folder = tmp_path_factory.mktemp("shop")
    store = EdgeStore(folder / "vectors")
    rng = np.random.default_rng(5)
    store.create(products_space(16, None, PRODUCT_FIELDS))
    store.create(behaviour_space(RELEASE, 4, PRODUCT_FIELDS))
    store.create(users_space(RELEASE, 4))

    def sparse(entries: int) -> SparseVector:
        indices = np.sort(rng.choice(PRODUCT_COUNT, entries, replace=False)).astype(np.uint32)
        return SparseVector(indices, rng.uniform(0.1, 5, entries).astype(np.float32))

    def dense(size: int) -> np.ndarray:
        return rng.normal(size=size).astype(np.float32)

    ids = range(1, PRODUCT_COUNT + 1)
    store.upsert(PRODUCTS, [Point(i, {"text": dense(16), "lexical": sparse(6)}, payload(i)) for i in ids])
    store.upsert(
        behaviour_name(RELEASE),
        [Point(i, {"cf": dense(4), "covisit": sparse(20), "sequence": sparse(5)}, payload(i)) for i in ids],
    )
    store.upsert(users_name(RELEASE), [Point(i, {"cf": dense(4)}, {}) for i in range(1, 50)])
    for name in store.names():
        store.optimize(name)
    store.close()
    return folder


@pytest.fixture
def store(folder: Path) -> Iterator[EdgeStore]:
    store = EdgeStore(folder / "vectors")
    yield store
    store.close()


def test_recall_counts_how_much_of_the_exact_list_was_found() -> None:
    exact = Hits(np.array([1, 2, 3, 4]), np.array([0.9, 0.8, 0.7, 0.6], np.float32))
    found = Hits(np.array([1, 3, 8, 9]), np.array([0.9, 0.7, 0.5, 0.4], np.float32))
    assert recall_by_score(found, exact) == 0.5


def test_filters_of_the_wanted_selectivity_are_found_among_real_values(store: EdgeStore) -> None:
    assert {each.name: each.matching for each in common_filters(store, PRODUCTS)} == {
        "none": 1.0, "every request": 1.0, "in stock": 0.5, "middle prices": 0.5, "category = All": 1.0,
        "brand = b1": 0.334,
    }  # fmt: skip
    found = dict(selective_filters(store, PRODUCTS))
    assert found[1.0].filter is None
    assert (found[0.1].name, found[0.1].matching) == ("category = All > Tenth", 0.1)
    for share in (0.01, 0.001):
        assert abs(math.log(found[share].matching / share)) <= math.log(2)
        assert store.count(PRODUCTS, found[share].filter) == found[share].matching * PRODUCT_COUNT


def test_every_slot_is_asked_as_it_is_asked_for_real(store: EdgeStore) -> None:
    probes = {each.slot: each for each in live_probes(store, RELEASE, 30)}
    assert set(probes) == {"text", "lexical", "cf", "covisit", "sequence"}  # no pictures, no baskets here
    assert [len(probes[slot].vectors) for slot in ("text", "cf", "covisit")] == [30, 30, 30]
    words = probes["lexical"].vectors[0]
    assert isinstance(words, SparseVector)
    assert words.values.tolist() == [1.0, 1.0, 1.0]
    assert {each.slot for each in live_probes(store, None, 30)} == {"text", "lexical"}


def test_sparse_slots_lose_nothing_and_dense_ones_are_swept_over_breadth_and_selectivity(
    store: EdgeStore, folder: Path
) -> None:
    settings = Settings.model_construct(data_dir=folder)
    result = ann(store, settings, RELEASE, ef=64, queries=40)
    sparse = [row for row in result["rows"] if row["ef"] is None]
    assert {row["slot"] for row in sparse} == {"lexical", "covisit", "sequence"}
    assert {row["recall"] for row in sparse} == {1.0}
    assert {"slot", "filter", "matching", "recall", "ms", "exact_ms"} <= set(result["rows"][0])
    recalls = {
        row["ef"]: row["recall"]
        for row in result["sweep"]
        if (row["slot"], row["k"], row["selectivity"]) == ("text", 10, 1.0)
    }
    assert set(recalls.values()) == {1.0}  # so few points are searched exactly
    assert list(recalls) == [10, 32, 64, 128, 192, 256, 512]
    assert {row["selectivity"] for row in result["sweep"]} == {1.0, 0.1, 0.01, 0.001}
    assert result["silent"] == ["image", "association"]
    assert set(result["quantisation"].values()) == {"none"}
    page, _ = ann_report(folder / "report", result, "vitrine eval ann")
    assert "Quantisation: none" in page.read_text("utf-8")
    assert short_sweep_table(result).rows[0][0] == "text, 100.0%"


def test_quantisation_of_an_embedded_collection_is_read_from_its_own_configuration(tmp_path: Path) -> None:
    shard = tmp_path / "vectors" / "products" / "shard-1"
    shard.mkdir(parents=True)
    (shard / "edge_config.json").write_text('{"vectors": {"text": {"quantization_config": {"scalar": {}}}}}')
    assert quantisation(Settings.model_construct(data_dir=tmp_path), ["products"]) == {"products": "text: scalar"}


def test_a_shop_without_an_index_cannot_be_measured(tmp_path: Path) -> None:
    store = EdgeStore(tmp_path / "vectors")
    with pytest.raises(IndexNotReady, match="run `vitrine index`"):
        ann(store, Settings.model_construct(data_dir=tmp_path), None, ef=64)
    store.close()
