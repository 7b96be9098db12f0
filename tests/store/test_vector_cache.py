"""The vector cache answers like the store, also right after a write."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.core.types import SparseVector
from service.store.edge import EdgeStore
from service.store.vector_cache import VectorCache
from service.store.vectors import Dense, Point, Space, Sparse


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EdgeStore]:
    store = EdgeStore(tmp_path)
    store.create(Space("shop", {"text": Dense(2, "dot"), "image": Dense(1, "dot")}))
    yield store
    store.close()


def point(product: int, x: float, **more: float) -> Point:
    vectors = {"text": np.array([x, 1], np.float32)}
    return Point(product, vectors | {slot: np.array([y], np.float32) for slot, y in more.items()}, {})


def read(cache: VectorCache, ids: list[int], slot: str = "text") -> dict[int, float]:
    vectors, places = cache.vectors("shop", slot, np.array(ids, np.int64))
    return {ids[place]: float(vector[0]) for place, vector in zip(places.tolist(), vectors, strict=True)}


def test_it_gives_what_there_is_in_the_order_asked(store: EdgeStore) -> None:
    store.upsert("shop", [point(1, 5), point(2, 6, image=7)])
    cache = VectorCache(store, 10, None)
    for _ in range(2):  # read, then remembered
        assert list(read(cache, [2, 9, 1]).items()) == [(2, 6.0), (1, 5.0)]
        assert read(cache, [1, 2], "image") == {2: 7.0}
        assert read(cache, []) == {}


def test_of_sparse_vectors_it_knows_where_they_are_not_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = SparseVector(np.array([3, 9], np.uint32), np.ones(2, np.float32))
    with closing(EdgeStore(tmp_path)) as store:
        store.create(Space("shop", {}, {"lexical": Sparse()}))
        store.upsert("shop", [Point(1, {"lexical": words}, {})])
        cache = VectorCache(store, 10, None)
        for _ in range(2):
            assert [one.tolist() for one in cache.indices("shop", "lexical", np.array([8, 1]))] == [[], [3, 9]]
            monkeypatch.delattr(EdgeStore, "retrieve", raising=False)


def test_what_is_remembered_is_not_asked_again(store: EdgeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.upsert("shop", [point(1, 5)])
    cache = VectorCache(store, 10, None)
    assert read(cache, [1, 9]) == {1: 5.0}
    monkeypatch.delattr(EdgeStore, "retrieve")
    assert read(cache, [9, 1]) == {1: 5.0}


def test_where_others_write_too_nothing_is_remembered_for_long(store: EdgeStore) -> None:
    cache = VectorCache(store, 10, 0.0)
    store.upsert("shop", [point(1, 5)])
    assert read(cache, [1]) == {1: 5.0}
    store._listeners.clear()  # as if another process wrote
    store.upsert("shop", [point(1, 8)])
    assert read(cache, [1]) == {1: 8.0}


def test_a_vector_written_while_it_was_read_is_not_remembered_as_it_was(store: EdgeStore) -> None:
    store.upsert("shop", [point(1, 5)])
    cache = VectorCache(store, 10, None)
    real = store.retrieve

    def overtaken(*args: object, **kwargs: object) -> object:
        found = real(*args, **kwargs)  # type: ignore[arg-type]
        store.upsert("shop", [point(1, 6)])
        return found

    store.retrieve = overtaken  # type: ignore[method-assign, assignment]
    assert read(cache, [1]) == {1: 5.0}
    store.retrieve = real  # type: ignore[method-assign]
    assert read(cache, [1]) == {1: 6.0}


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 6), st.floats(-9, 9, width=16)),
        st.tuples(st.just("delete"), st.integers(1, 6)),
        st.tuples(st.just("read"), st.lists(st.integers(1, 6), unique=True)),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTIONS)
def test_it_always_answers_like_the_store(store: EdgeStore, actions: list[tuple]) -> None:
    store.delete("shop", list(range(1, 7)))
    cache, truth = VectorCache(store, 4, None), {}
    for what, *rest in actions:
        if what == "write":
            store.upsert("shop", [point(*rest)])
            truth[rest[0]] = rest[1]
        elif what == "delete":
            store.delete("shop", rest)
            truth.pop(rest[0], None)
        else:
            assert read(cache, rest[0]) == {product: truth[product] for product in rest[0] if product in truth}
    assert read(cache, [1, 2, 3, 4, 5, 6]) == truth


def test_a_collection_that_is_gone_has_no_vectors_and_is_noticed_when_it_is_back(store: EdgeStore) -> None:
    cache = VectorCache(store, 10, None)
    store.upsert("shop", [point(1, 5)])
    store.drop("shop")
    assert read(cache, [1]) == {}
    store.create(Space("shop", {"text": Dense(2, "dot"), "image": Dense(1, "dot")}))
    store.upsert("shop", [point(1, 6)])
    assert read(cache, [1]) == {1: 6.0}
