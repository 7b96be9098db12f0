"""How [qdrant] lays collections out: what goes to a server, and what the embedded engine makes of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from qdrant_client import models
from structlog.testing import capture_logs

from config.params import load_params
from config.qdrant import QdrantParams
from service.store.edge import EdgeStore
from service.store.server_layout import collection_options, differing
from service.store.vectors import Dense, Point, Space, Sparse, VectorQuery

SPACE = Space("products", {"text": Dense(384), "cf": Dense(16, "dot")}, {"lexical": Sparse(idf=True)})
SPREAD = {"shard_number": 6, "replication_factor": 2, "write_consistency_factor": 2}
ON_DISK = {"vectors_on_disk": True, "graph_on_disk": True, "payload_on_disk": True}


def laid_out(**changes: Any) -> QdrantParams:
    return QdrantParams(**load_params().qdrant.model_dump() | changes)


def sent(layout: QdrantParams) -> Any:
    """The request a server gets."""
    options = collection_options(SPACE, layout)
    vectors = {"vectors": options.pop("vectors_config"), "sparse_vectors": options.pop("sparse_vectors_config")}
    return models.CreateCollection(**vectors, **options).model_dump(mode="json", exclude_none=True)


def test_shards_and_copies_are_asked_of_the_server() -> None:
    asked = sent(laid_out(**SPREAD))
    assert {key: asked[key] for key in SPREAD} == SPREAD


def test_how_many_shards_is_left_to_the_server_by_default() -> None:
    asked = sent(laid_out())
    assert "shard_number" not in asked
    assert asked["replication_factor"] == 1


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("scalar", {"scalar": {"type": "int8", "quantile": 0.99, "always_ram": True}}),
        ("binary", {"binary": {"always_ram": True}}),
    ],
)
def test_large_slots_are_quantised_and_small_ones_are_not(kind: str, config: Any) -> None:
    vectors = sent(laid_out(quantization=kind, **ON_DISK))["vectors"]
    assert vectors["text"]["quantization_config"] == config
    assert "quantization_config" not in vectors["cf"]


def test_vectors_graph_words_and_payload_may_live_on_disk() -> None:
    asked = sent(laid_out(**ON_DISK))
    assert asked["vectors"]["text"] == {
        "size": 384, "distance": "Cosine", "on_disk": True, "hnsw_config": {"on_disk": True},
    }  # fmt: skip
    assert asked["sparse_vectors"]["lexical"] == {"modifier": "idf", "index": {"on_disk": True}}
    assert asked["on_disk_payload"] is True


def test_more_confirmations_than_copies_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"write_consistency_factor = 3 copies .* where there are 2"):
        laid_out(replication_factor=2, write_consistency_factor=3)


def test_what_of_a_collection_is_laid_out_otherwise_is_named() -> None:
    params = {
        "vectors": {"text": {"size": 384, "distance": "Cosine"}, "cf": {"size": 16, "distance": "Dot"}},
        "shard_number": 1, "replication_factor": 1, "write_consistency_factor": 1, "on_disk_payload": True,
    }  # fmt: skip
    info = models.CollectionInfo.model_construct(
        config=models.CollectionConfig.model_construct(params=models.CollectionParams(**params))
    )
    assert differing(info, laid_out()) == []
    assert differing(info, laid_out(shard_number=6, replication_factor=2, quantization="scalar")) == [
        "replication_factor is 1, wanted 2",
        "shard_number is 1, wanted 6",
        "quantization of text is none, wanted scalar",
    ]


@pytest.mark.parametrize("kind", ["scalar", "binary"])
def test_the_embedded_engine_finds_by_short_vectors_what_it_finds_by_full_ones(tmp_path: Path, kind: str) -> None:
    layout = laid_out(quantization=kind, oversampling=10.0, **ON_DISK)
    random = np.random.default_rng(3)
    vectors = random.normal(size=(800, 384)).astype(np.float32)
    wanted = [VectorQuery("text", vectors[i] + random.normal(size=384).astype(np.float32) / 4, 1) for i in range(50)]
    store = EdgeStore(tmp_path, indexing_threshold_kb=64, layout=layout)
    store.create(Space("products", {"text": Dense(384)}))
    store.upsert("products", [Point(i, {"text": vector}, {}) for i, vector in enumerate(vectors)])
    store.optimize("products")
    store.close()
    again = EdgeStore(tmp_path, layout=layout)
    found = [int(hits.ids[0]) for hits in again.search("products", wanted)]
    again.close()
    assert np.mean(np.array(found) == np.arange(50)) >= 0.98


def test_a_second_collection_is_laid_out_the_same_way(tmp_path: Path) -> None:
    # where one is open already, the next is made by another process
    store = EdgeStore(tmp_path, layout=laid_out(quantization="scalar", **ON_DISK))
    for name in ("one", "two"):
        store.create(Space(name, {"text": Dense(384)}))
    store.close()
    one, two = (next((tmp_path / name).rglob("edge_config.json")).read_text() for name in ("one", "two"))
    assert one == two
    assert '"scalar"' in one


def test_the_embedded_engine_says_what_it_cannot_do(tmp_path: Path) -> None:
    with capture_logs() as said:
        EdgeStore(tmp_path / "a", layout=laid_out()).close()
        EdgeStore(tmp_path / "b", layout=laid_out(**SPREAD)).close()
    assert [(line["event"], line["ignored"]) for line in said] == [
        ("embedded_engine_is_one_shard_without_copies", "shard_number, replication_factor")
    ]
