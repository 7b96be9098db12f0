"""Collections come and go, and never change their vector slots behind anyone's back."""

from dataclasses import replace

import pytest

from service.core.errors import ConfigurationError, NotFound
from service.core.fields import FieldKind
from service.store.vectors import Dense, Point, Space, Sparse, VectorStore


def test_creating_twice_changes_nothing(store: VectorStore, space: Space, points: list[Point]) -> None:
    store.upsert(space.name, points)
    store.create(space)
    assert space.name in store.names()
    assert store.count(space.name) == len(points)


@pytest.mark.parametrize(
    ("dense", "sparse", "said"),
    [
        ({"text": Dense(17), "cf": Dense(4, "dot")}, None, "'text' is stored as 16 dimensions .* wanted 17"),
        ({"text": Dense(16), "cf": Dense(4)}, None, r"'cf' is stored as 4 dimensions \(dot\), wanted .* \(cosine\)"),
        ({"text": Dense(16)}, None, "'cf' is stored as 4 .* wanted missing"),
        (None, {"lexical": Sparse(), "covisit": Sparse()}, "'lexical' is stored as sparse with IDF, wanted sparse"),
        (None, {"lexical": Sparse(True), "covisit": Sparse(), "x": Sparse()}, "'x' is stored as missing"),
    ],
)
def test_other_vector_slots_are_refused_with_both_sizes_and_what_to_do(
    store: VectorStore, space: Space, dense: dict[str, Dense] | None, sparse: dict[str, Sparse] | None, said: str
) -> None:
    other = replace(space, dense=dense or space.dense, sparse=sparse or space.sparse)
    with pytest.raises(ConfigurationError, match=said) as raised:
        store.create(other)
    assert "vitrine index --rebuild" in raised.value.message


def test_a_field_added_later_is_indexed_and_counts_at_once(store: VectorStore, space: Space) -> None:
    store.upsert(space.name, [Point(1, {}, {"season": "winter"}), Point(2, {}, {"season": "summer"})])
    store.create(replace(space, fields={**space.fields, "season": FieldKind.KEYWORD}))
    assert store.facet(space.name, "season") == [("summer", 1), ("winter", 1)]


def test_a_dropped_collection_is_gone_and_can_be_made_again_with_other_sizes(store: VectorStore, space: Space) -> None:
    store.upsert(space.name, [Point(1, {}, {})])
    store.drop(space.name)
    store.drop(space.name)
    assert space.name not in store.names()
    store.create(replace(space, dense={"text": Dense(3)}))
    assert store.count(space.name) == 0


def test_every_method_says_that_a_collection_does_not_exist(store: VectorStore) -> None:
    name = "contract-nowhere"
    calls = [
        lambda: store.upsert(name, [Point(1, {}, {})]),
        lambda: store.set_payload(name, {1: {"a": 1}}),
        lambda: store.delete(name, [1]),
        lambda: store.search(name, []),
        lambda: store.retrieve(name, [1]),
        lambda: store.scroll(name),
        lambda: store.count(name),
        lambda: store.count(name, None),
        lambda: store.facet(name, "brand"),
        lambda: store.optimize(name),
    ]
    for call in calls:
        with pytest.raises(NotFound, match=name):
            call()


def test_collections_do_not_see_each_other(store: VectorStore, space: Space) -> None:
    other = replace(space, name=space.name + "-other")
    store.create(other)
    store.upsert(space.name, [Point(1, {}, {"brand": "LG"})])
    assert store.count(other.name, None) == 0
    assert store.count(space.name) == 1
    assert {space.name, other.name} <= set(store.names())
    store.drop(other.name)
