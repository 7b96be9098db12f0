"""Reading back: by id, page by page, counted, and by value."""

from collections import Counter

import numpy as np
import pytest

from service.core.errors import InvalidQuery
from service.core.filters import Filter, HasId, Match, Range, matches
from service.core.types import SparseVector
from service.store.vectors import Point, Space, VectorStore

IN_STOCK = Filter(must=(Range("stock", gt=0),), must_not=(Match("visible", (False,)),))


@pytest.fixture
def filled(store: VectorStore, space: Space, points: list[Point]) -> VectorStore:
    store.upsert(space.name, points[::-1])
    return store


def test_retrieve_returns_what_was_asked_for(filled: VectorStore, space: Space, points: list[Point]) -> None:
    point = next(p for p in points if {"price", "attributes", "stock"} <= p.payload.keys() and "cf" in p.vectors)
    bare = filled.retrieve(space.name, [point.id, 9999])
    assert list(bare) == [point.id]
    assert (bare[point.id].payload, bare[point.id].vectors) == ({}, {})
    some = filled.retrieve(space.name, [point.id], payload=["price", "attributes.colour"], vectors=["cf"])[point.id]
    assert some.payload == {
        "price": point.payload["price"],
        "attributes": {"colour": point.payload["attributes"]["colour"]},
    }
    np.testing.assert_allclose(some.vectors["cf"], point.vectors["cf"], rtol=1e-6)
    assert some.vectors["cf"].dtype == np.float32


def test_vectors_come_back_as_stored_cosine_ones_at_unit_length(
    filled: VectorStore, space: Space, points: list[Point]
) -> None:
    records = filled.retrieve(space.name, [p.id for p in points], vectors=["text", "lexical"])
    for point in points:
        found = records[point.id].vectors
        assert set(found) == set(point.vectors) & {"text", "lexical"}
        if "text" in found:
            text = point.vectors["text"]
            np.testing.assert_allclose(found["text"], text / np.linalg.norm(text), atol=1e-6)
        if "lexical" in found:
            stored, given = found["lexical"], point.vectors["lexical"]
            assert isinstance(stored, SparseVector)
            assert isinstance(given, SparseVector)
            assert dict(zip(stored.indices.tolist(), stored.values.tolist(), strict=True)) == dict(
                zip(given.indices.tolist(), given.values.tolist(), strict=True)
            )


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_scroll_goes_through_the_matching_points_by_ascending_id(
    filled: VectorStore, space: Space, points: list[Point], batch: int
) -> None:
    wanted = [p.id for p in points if matches(IN_STOCK, p.payload)]
    records = list(filled.scroll(space.name, filter=IN_STOCK, payload=["stock"], vectors=["cf"], batch=batch))
    assert [r.id for r in records] == wanted
    assert all(r.payload["stock"] > 0 and set(r.vectors) <= {"cf"} for r in records)
    assert [r.id for r in filled.scroll(space.name, batch=batch)] == [p.id for p in points]


def test_a_scroll_needs_a_batch(filled: VectorStore, space: Space) -> None:
    with pytest.raises(InvalidQuery, match="batch must be 1 or more, got 0"):
        filled.scroll(space.name, batch=0)


def test_points_written_during_a_scroll_disturb_no_other(filled: VectorStore, space: Space) -> None:
    seen = []
    for record in filled.scroll(space.name, batch=10):
        seen.append(record.id)
        filled.set_payload(space.name, {record.id: {"stock": 9}})
        if record.id == 50:
            filled.delete(space.name, [60])
    assert seen == [i for i in range(1, 301) if i != 60]


def test_counts_are_exact(filled: VectorStore, space: Space, points: list[Point]) -> None:
    assert filled.count(space.name) == filled.count(space.name, Filter()) == len(points)
    assert filled.count(space.name, IN_STOCK) == sum(matches(IN_STOCK, p.payload) for p in points)
    assert filled.count(space.name, Filter(must=(HasId(frozenset({1, 2, 9999})),))) == 2


@pytest.mark.parametrize("field", ["brand", "tags", "stock", "visible", "attributes.colour", "attributes.shoe size"])
@pytest.mark.parametrize("condition", [None, IN_STOCK])
def test_facets_equal_a_count_by_hand(
    filled: VectorStore, space: Space, points: list[Point], field: str, condition: Filter | None
) -> None:
    counts: Counter[object] = Counter()
    for point in points:
        if matches(condition, point.payload):
            counts.update(set(_values(point.payload, field)))
    by_hand = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    assert filled.facet(space.name, field, filter=condition) == by_hand
    assert filled.facet(space.name, field, filter=condition, limit=2) == by_hand[:2]


def test_facets_of_equal_counts_are_cut_by_value(store: VectorStore, space: Space) -> None:
    store.upsert(space.name, [Point(i, {}, {"brand": f"b{(i * 7) % 50:02}"}) for i in range(50)])
    assert store.facet(space.name, "brand", limit=5) == [(f"b{i:02}", 1) for i in range(5)]


@pytest.mark.parametrize("field", ["price", "unheard of"])
def test_only_indexed_fields_with_distinct_values_have_facets(filled: VectorStore, space: Space, field: str) -> None:
    with pytest.raises(InvalidQuery, match=rf"cannot count the values of '{field}'; facets exist for: .*brand"):
        filled.facet(space.name, field)


def _values(payload: dict[str, object], field: str) -> list[object]:
    value: object = payload
    for part in field.split(".", 1):
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, list) else [] if value is None else [value]
