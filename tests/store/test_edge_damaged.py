"""A folder of vectors whose files were damaged: one line that says what to do, and nothing is lost by doing it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from service.core.errors import DependencyUnavailable
from service.store.edge import EdgeStore
from service.store.vectors import Dense, Point, Space, VectorQuery

SPACE = Space("products", {"text": Dense(4)})
POINTS = [Point(i, {"text": np.eye(4, dtype=np.float32)[i]}, {"brand": "LG"}) for i in range(4)]


def filled(folder: Path) -> EdgeStore:
    store = EdgeStore(folder)
    store.create(SPACE)
    store.upsert("products", POINTS)
    return store


def overwrite(folder: Path, name: str) -> None:
    """Every file of this name, or below a folder of this name, becomes nonsense of the same length."""
    hit = [path for path in folder.rglob("*") if path.is_file() and name in str(path.relative_to(folder))]
    assert hit
    for path in hit:
        path.write_bytes(b"\xa5" * path.stat().st_size)


@pytest.mark.parametrize(
    "damage",
    [
        lambda shard: overwrite(shard, "segment.json"),
        lambda shard: overwrite(shard, "vector_storage-text"),
        lambda shard: overwrite(shard, "mutable_id_tracker"),
        lambda shard: overwrite(shard, "wal"),
        lambda shard: (shard / "edge_config.json").write_text("{"),
        shutil.rmtree,
    ],
    ids=["segment", "vectors", "ids", "log", "config", "gone"],
)
def test_a_damaged_folder_is_told_with_what_to_do_and_made_again(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    filled(tmp_path).close()
    (shard,) = (tmp_path / "products").glob("shard-*")
    damage(shard)
    store = EdgeStore(tmp_path)
    with pytest.raises(DependencyUnavailable, match="vitrine index --rebuild"):
        store.count("products")
    store.drop("products")  # as `--rebuild` does
    store.create(SPACE)
    store.upsert("products", POINTS)
    (hits,) = store.search("products", [VectorQuery("text", POINTS[2].vectors["text"], limit=1)])
    assert hits.ids.tolist() == [2]
    store.close()
