"""Scores equal numpy's, equal scores go by id, and the graph finds what exact search finds."""

import numpy as np
import pytest

from service.core.errors import InvalidQuery
from service.core.filters import Filter, HasId, Match, matches
from service.core.types import SparseVector
from service.store.vectors import Hits, Point, Space, VectorQuery, VectorStore

QUERIES = np.random.default_rng(3).normal(size=(5, 16)).astype(np.float32)


@pytest.fixture
def filled(store: VectorStore, space: Space, points: list[Point]) -> VectorStore:
    store.upsert(space.name, points)
    return store


def best(scores: dict[int, float], limit: int) -> tuple[list[int], list[float]]:
    """The expected answer: by score descending, then id."""
    order = sorted(scores, key=lambda i: (-scores[i], i))[:limit]
    return order, [scores[i] for i in order]


def check(hits: Hits, scores: dict[int, float], limit: int) -> None:
    ids, values = best(scores, limit)
    assert hits.ids.tolist() == ids
    np.testing.assert_allclose(hits.scores, values, atol=2e-6)
    assert (hits.ids.dtype, hits.scores.dtype) == (np.int64, np.float32)


def test_cosine_scores_equal_numpy(filled: VectorStore, space: Space, points: list[Point]) -> None:
    texts = {p.id: p.vectors["text"] for p in points if "text" in p.vectors}
    answers = filled.search(space.name, [VectorQuery("text", q, 20, exact=True) for q in QUERIES])
    for q, hits in zip(QUERIES, answers, strict=True):
        check(hits, {i: float(q @ v / np.linalg.norm(q) / np.linalg.norm(v)) for i, v in texts.items()}, 20)


def test_dot_scores_equal_numpy(filled: VectorStore, space: Space, points: list[Point]) -> None:
    factors = {p.id: p.vectors["cf"] for p in points if "cf" in p.vectors}
    hits = filled.search(space.name, [VectorQuery("cf", QUERIES[0, :4], 300)])[0]
    check(hits, {i: float(QUERIES[0, :4] @ v) for i, v in factors.items()}, 300)


def test_sparse_scores_equal_numpy_also_where_they_are_negative(
    filled: VectorStore, space: Space, points: list[Point]
) -> None:
    query = SparseVector(np.array([3, 11, 25], np.uint32), np.array([1.0, -0.5, 2.0], np.float32))
    hits = filled.search(space.name, [VectorQuery("covisit", query, 300)])[0]
    check(hits, _sparse_scores(points, "covisit", query, {}), 300)
    assert hits.scores.min() < 0


def test_idf_weighs_a_word_by_how_few_products_have_it(filled: VectorStore, space: Space, points: list[Point]) -> None:
    query = SparseVector(np.array([2, 9, 39], np.uint32), np.array([1.0, 1.0, 0.5], np.float32))
    documents = [p.vectors["lexical"] for p in points if "lexical" in p.vectors]
    # ln((N - n + 0.5) / (n + 0.5) + 1), N products that have the slot, n of them with the word
    n = {int(w): sum(w in d.indices for d in documents) for w in query.indices}
    idf = {w: float(np.log((len(documents) - n[w] + 0.5) / (n[w] + 0.5) + 1)) for w in n}
    hits = filled.search(space.name, [VectorQuery("lexical", query, 300)])[0]
    check(hits, _sparse_scores(points, "lexical", query, idf), 300)


def test_a_batch_answers_each_query_as_if_it_were_alone(filled: VectorStore, space: Space) -> None:
    red = Filter(must=(Match("attributes.colour", ("red",)),))
    words = SparseVector(np.array([1], np.uint32), np.array([1.0], np.float32))
    queries = [
        VectorQuery("text", QUERIES[0], 3),
        VectorQuery("text", QUERIES[1], 50, filter=red),
        VectorQuery("lexical", words, 10),
        VectorQuery("text", QUERIES[0], 0),
        VectorQuery("cf", QUERIES[2, :4], 1, filter=red, exact=True),
        VectorQuery("lexical", SparseVector(np.empty(0, np.uint32), np.empty(0, np.float32)), 10),
        VectorQuery("text", QUERIES[0], 3, ef=64),
    ]
    together = filled.search(space.name, queries)
    for query, hits in zip(queries, together, strict=True):
        alone = filled.search(space.name, [query])[0]
        assert hits.ids.tolist() == alone.ids.tolist()
        np.testing.assert_allclose(hits.scores, alone.scores, atol=1e-6)
    assert [len(hits.ids) for hits in (together[0], together[3], together[5])] == [3, 0, 0]


def test_a_filter_leaves_the_best_of_what_matches(filled: VectorStore, space: Space, points: list[Point]) -> None:
    condition = Filter(must_not=(Match("brand", ("LG", "Sony")), HasId(frozenset(range(100)))))
    allowed = {
        p.id: float(QUERIES[0, :4] @ p.vectors["cf"])
        for p in points
        if "cf" in p.vectors and matches(condition, p.payload, p.id)
    }
    check(filled.search(space.name, [VectorQuery("cf", QUERIES[0, :4], 30, filter=condition)])[0], allowed, 30)


def test_a_point_without_the_slot_is_never_found_there(filled: VectorStore, space: Space, points: list[Point]) -> None:
    hits = filled.search(space.name, [VectorQuery("text", QUERIES[0], 1000)])[0]
    assert set(hits.ids.tolist()) == {p.id for p in points if "text" in p.vectors}


def test_a_vector_of_zeros_is_stored_and_scores_nothing(store: VectorStore, space: Space) -> None:
    store.upsert(space.name, [Point(1, {"text": np.zeros(16, np.float32)}, {})])
    assert store.search(space.name, [VectorQuery("text", QUERIES[0], 5)])[0].scores.tolist() == [0.0]


@pytest.mark.parametrize("limit", [1, 10, 499, 500, 600])
def test_equal_scores_are_ordered_by_id_wherever_the_list_is_cut(store: VectorStore, space: Space, limit: int) -> None:
    same = np.ones(16, np.float32)
    word = SparseVector(np.array([5], np.uint32), np.array([1.0], np.float32))
    for i in np.random.default_rng(0).permutation(500).tolist():
        store.upsert(space.name, [Point(i, {"text": same, "covisit": word}, {})])
    dense, sparse = store.search(space.name, [VectorQuery("text", same, limit), VectorQuery("covisit", word, limit)])
    assert dense.ids.tolist() == sparse.ids.tolist() == list(range(min(limit, 500)))


def test_a_negative_limit_is_refused(filled: VectorStore, space: Space) -> None:
    with pytest.raises(InvalidQuery, match="limit must be 0 or more, got -1"):
        filled.search(space.name, [VectorQuery("text", QUERIES[0], -1)])


def test_the_graph_finds_what_exact_search_finds(store: VectorStore, space: Space) -> None:
    random = np.random.default_rng(1)
    # products come in kinds: clustered, as real descriptions are
    centres = random.normal(size=(50, 16))
    texts = (centres[random.integers(0, 50, 4000)] + 0.5 * random.normal(size=(4000, 16))).astype(np.float32)
    store.upsert(space.name, [Point(i, {"text": v}, {"brand": ("LG", "Sony")[i % 2]}) for i, v in enumerate(texts)])
    store.optimize(space.name)
    store.optimize(space.name)
    for condition in (None, Filter(must=(Match("brand", ("LG",)),))):
        exact = [VectorQuery("text", q, 100, condition, exact=True) for q in texts[:40]]
        by_graph = [VectorQuery("text", q, 100, condition) for q in texts[:40]]
        found = [
            len(np.intersect1d(a.ids, b.ids)) / len(a.ids)
            for a, b in zip(store.search(space.name, exact), store.search(space.name, by_graph), strict=True)
        ]
        assert np.mean(found) >= 0.97


def _sparse_scores(points: list[Point], slot: str, query: SparseVector, idf: dict[int, float]) -> dict[int, float]:
    """Points that share an entry with the query score the sum of the products; others are not found at all."""
    scores = {}
    for point in points:
        vector = point.vectors.get(slot)
        if isinstance(vector, SparseVector):
            entries = dict(zip(vector.indices.tolist(), vector.values.tolist(), strict=True))
            shared = [
                (w, v) for w, v in zip(query.indices.tolist(), query.values.tolist(), strict=True) if w in entries
            ]
            if shared:
                scores[point.id] = sum(entries[w] * v * idf.get(w, 1.0) for w, v in shared)
    return scores
