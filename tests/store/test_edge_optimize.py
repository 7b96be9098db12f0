"""A large collection is optimised beside the one that serves, which answers and takes writes meanwhile."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from service.store import edge_collection, edge_types
from service.store.edge import EdgeStore
from service.store.edge_folder import read_note
from service.store.vectors import Dense, Point, Space, VectorQuery

SPACE = Space("products", {"text": Dense(64)})
TEXTS = np.random.default_rng(0).normal(size=(6000, 64)).astype(np.float32)


def points(ids: range, turn: int = 0) -> list[Point]:
    return [Point(i, {"text": TEXTS[i]}, {"turn": turn}) for i in ids]


@pytest.fixture
def store(tmp_path: Path) -> EdgeStore:
    store = EdgeStore(tmp_path, indexing_threshold_kb=256)
    store.create(SPACE)
    store.upsert("products", points(range(5000)))
    return store


def indexed(folder: Path) -> int:
    note = read_note(folder / "products")
    assert note is not None
    shard = edge_types.load_shard(note.shard_folder(folder / "products"))
    count = shard.info().indexed_vectors_count
    shard.close()
    return count


def test_requests_are_answered_and_writes_kept_while_the_graph_is_built(store: EdgeStore, tmp_path: Path) -> None:
    # gaps are counted, not timed: the machine may be busy
    done, answers = threading.Event(), []

    def use() -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            store.upsert("products", points(range(4990, 5010), turn))
            store.delete("products", [turn])
            answers.append((turn, store.search("products", [VectorQuery("text", TEXTS[100 + turn], 1)])[0].ids[0]))
            time.sleep(0.01)

    user = threading.Thread(target=use)
    user.start()
    store.optimize("products")
    done.set()
    user.join()
    turns = len(answers)
    assert turns > 5
    assert all(found == 100 + turn for turn, found in answers)
    for _ in range(2):
        assert store.count("products") == 5010 - turns
        assert {r.payload["turn"] for r in store.retrieve("products", range(4990, 5010), payload=True).values()} == {
            turns
        }
        store.close()
        store = EdgeStore(tmp_path)
    store.close()
    assert indexed(tmp_path) >= 4900
    assert sorted(p.name for p in (tmp_path / "products").iterdir()) == ["shard-2", "space.json"]


def test_optimising_again_does_nothing_until_enough_has_changed(
    store: EdgeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    begin = edge_collection.start_optimizer
    monkeypatch.setattr(edge_collection, "start_optimizer", lambda folder: started.append(folder) or begin(folder))
    store.optimize("products")
    store.optimize("products")
    store.upsert("products", points(range(5000, 5100)))
    store.optimize("products")
    assert [folder.name for folder in started] == ["shard-2"]
    store.upsert("products", points(range(1500)))
    store.optimize("products")
    assert [folder.name for folder in started] == ["shard-2", "shard-3"]
    assert store.count("products") == 5100
    store.close()


def test_closing_stops_an_optimiser_and_the_old_shard_stays(store: EdgeStore, tmp_path: Path) -> None:
    optimising = threading.Thread(target=store.optimize, args=("products",))
    optimising.start()
    while not (tmp_path / "products" / "shard-2").exists():
        time.sleep(0.001)
    store.close()
    optimising.join(timeout=30)
    assert not optimising.is_alive()
    again = EdgeStore(tmp_path)
    assert again.count("products") == 5000
    assert not (tmp_path / "products" / "shard-2").exists()
    again.close()


def test_a_copy_left_by_a_killed_process_is_removed(store: EdgeStore, tmp_path: Path) -> None:
    store.close()
    (tmp_path / "products" / "shard-2").mkdir()
    again = EdgeStore(tmp_path)
    assert again.count("products") == 5000
    assert not (tmp_path / "products" / "shard-2").exists()
    again.close()
