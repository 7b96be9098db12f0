"""What is written is what is read, and nothing else is touched."""

import numpy as np
import pytest

from service.core.errors import InvalidQuery
from service.core.filters import Filter, Match, Range
from service.core.types import SparseVector
from service.store.vectors import Point, Space, VectorQuery, VectorStore


def dense(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def sparse(**entries: float) -> SparseVector:
    return SparseVector(
        np.array([int(k[1:]) for k in entries], np.uint32), np.array(list(entries.values()), np.float32)
    )


def test_an_upsert_replaces_the_whole_point(store: VectorStore, space: Space) -> None:
    store.upsert(space.name, [Point(1, {"cf": dense(1, 2, 3, 4)}, {"brand": "LG", "stock": 1})])
    store.upsert(space.name, [Point(1, {"covisit": sparse(_3=2.0)}, {"brand": "Sony"})])
    record = store.retrieve(space.name, [1], payload=True, vectors=["cf", "covisit"])[1]
    assert record.payload == {"brand": "Sony"}
    assert sorted(record.vectors) == ["covisit"]
    assert store.search(space.name, [VectorQuery("cf", dense(1, 1, 1, 1), 5)])[0].ids.tolist() == []


def test_of_one_id_twice_in_a_batch_the_last_wins(store: VectorStore, space: Space) -> None:
    store.upsert(space.name, [Point(1, {}, {"brand": "LG"}), Point(1, {}, {"brand": "Sony"})])
    assert store.retrieve(space.name, [1], payload=True)[1].payload == {"brand": "Sony"}
    assert store.count(space.name) == 1


def test_a_payload_update_leaves_vectors_and_other_keys(store: VectorStore, space: Space) -> None:
    store.upsert(space.name, [Point(1, {"cf": dense(1, 2, 3, 4)}, {"brand": "LG", "price": 5.0, "tags": ["new"]})])
    store.set_payload(space.name, {1: {"price": 4.5, "tags": ["sale"]}, 99: {"price": 1.0}})
    record = store.retrieve(space.name, [1, 99], payload=True, vectors=["cf"])
    assert list(record) == [1]
    assert record[1].payload == {"brand": "LG", "price": 4.5, "tags": ["sale"]}
    assert record[1].vectors["cf"].tolist() == [1, 2, 3, 4]
    assert store.count(space.name, Filter(must=(Match("tags", ("new",)),))) == 0
    assert store.count(space.name, Filter(must=(Range("price", lte=4.5),))) == 1


def test_a_payload_update_replaces_a_nested_value_whole(store: VectorStore, space: Space) -> None:
    store.upsert(space.name, [Point(1, {}, {"attributes": {"colour": "red", "shoe size": "38"}})])
    store.set_payload(space.name, {1: {"attributes": {"colour": "blue"}}})
    assert store.retrieve(space.name, [1], payload=True)[1].payload == {"attributes": {"colour": "blue"}}


def test_hundreds_of_payload_updates_each_reach_their_point(store: VectorStore, space: Space) -> None:
    ids = range(1, 701)
    store.upsert(space.name, [Point(i, {}, {"price": 0.0}) for i in ids])
    store.set_payload(space.name, {i: {"price": float(i), "stock": i % 3} for i in ids})
    records = store.retrieve(space.name, list(ids), payload=True)
    assert {i: r.payload for i, r in records.items()} == {i: {"price": float(i), "stock": i % 3} for i in ids}


def test_a_value_set_to_none_counts_as_missing(store: VectorStore, space: Space) -> None:
    store.upsert(space.name, [Point(1, {}, {"brand": None, "stock": 3}), Point(2, {}, {"brand": "LG", "stock": 3})])
    store.set_payload(space.name, {2: {"stock": None}})
    assert {i: r.payload for i, r in store.retrieve(space.name, [1, 2], payload=True).items()} == {
        1: {"stock": 3},
        2: {"brand": "LG"},
    }
    assert store.retrieve(space.name, [1], payload=["brand"])[1].payload == {}
    assert store.count(space.name, Filter(must=(Range("stock", gte=0),))) == 1
    assert store.facet(space.name, "brand") == [("LG", 1)]
    assert store.count(space.name, Filter(must_not=(Match("brand", ("LG",)),))) == 1


def test_deleted_points_are_gone_and_missing_ones_are_fine(
    store: VectorStore, space: Space, points: list[Point]
) -> None:
    store.upsert(space.name, points)
    store.delete(space.name, [*range(1, 101), 5000])
    store.delete(space.name, [1])
    assert store.count(space.name) == 200
    assert store.retrieve(space.name, [1, 100, 101]).keys() == {101}
    hits = store.search(space.name, [VectorQuery("text", points[0].vectors["text"], 300)])[0]
    assert min(hits.ids) > 100
    store.upsert(space.name, points[:1])
    assert store.count(space.name) == 201


def test_empty_batches_are_fine(store: VectorStore, space: Space) -> None:
    store.upsert(space.name, [])
    store.set_payload(space.name, {})
    store.delete(space.name, [])
    assert store.search(space.name, []) == []
    assert store.retrieve(space.name, []) == {}
    assert list(store.scroll(space.name)) == []


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        ({"text": dense(1, 2, 3)}, r"'text' .* takes 16 dimensions, got shape \(3,\)"),
        ({"text": np.full(16, np.nan, np.float32)}, "NaN"),
        ({"picture": dense(1)}, "no vector slot 'picture'; it has: cf, covisit, lexical, text"),
        ({"text": sparse(_1=1.0)}, "'text' .* takes a dense vector"),
        ({"covisit": dense(1, 2)}, "'covisit' .* takes a sparse vector"),
        ({"covisit": SparseVector(np.array([1, 1], np.uint32), dense(1, 2))}, "no index twice"),
        ({"covisit": SparseVector(np.array([1], np.uint32), dense(1, 2))}, "one value per index"),
    ],
)
def test_a_vector_that_does_not_fit_is_refused_and_the_whole_batch_with_it(
    store: VectorStore, space: Space, vectors: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidQuery, match=said):
        store.upsert(space.name, [Point(1, {}, {}), Point(2, vectors, {})])  # type: ignore[arg-type]
    (slot, vector), *_ = vectors.items()
    with pytest.raises(InvalidQuery, match=said):
        store.search(space.name, [VectorQuery(slot, vector, 5)])  # type: ignore[arg-type]
    assert store.count(space.name) == 0


@pytest.mark.parametrize("point_id", [-1, 2**63, 1.5, "7"])
def test_an_id_that_is_none_is_refused(store: VectorStore, space: Space, point_id: object) -> None:
    with pytest.raises(InvalidQuery, match="a point id is an integer from 0"):
        store.upsert(space.name, [Point(point_id, {}, {})])  # type: ignore[arg-type]


def test_a_payload_that_is_not_json_is_refused(store: VectorStore, space: Space) -> None:
    store.upsert(space.name, [Point(1, {}, {})])
    with pytest.raises(InvalidQuery, match="not JSON"):
        store.set_payload(space.name, {1: {"brand": object()}})
