"""MMR against a naive double loop, and its laws."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.ranking.diversify import mmr
from service.ranking.normalize import minmax


def naive_mmr(scores, vectors, n, lam):
    """The definition, word for word."""
    relevance = minmax(scores)
    chosen: list[int] = []
    while len(chosen) < min(n, len(scores)):
        rest = [p for p in range(len(scores)) if p not in chosen]
        if not chosen:
            chosen.append(max(rest, key=lambda p: (relevance[p], -p)))
            continue
        gains = {
            p: lam * relevance[p] - (1 - lam) * max(float(np.float32(vectors[p] @ vectors[q])) for q in chosen)
            for p in rest
        }
        chosen.append(max(rest, key=lambda p: (gains[p], -p)))
    return chosen


@st.composite
def lists(draw):
    """Scores and vectors whose arithmetic is exact: directions of the axes (or none), scores that are eighths of 8."""
    count = draw(st.integers(1, 12))
    scores = np.array(draw(st.lists(st.integers(0, 8), min_size=count, max_size=count)), float)
    scores[draw(st.integers(0, count - 1))] = 8
    scores[draw(st.integers(0, count - 1))] = 0
    axes = [np.zeros(4), *np.eye(4), *-np.eye(4)]
    vectors = np.array(draw(st.lists(st.sampled_from(axes), min_size=count, max_size=count)), np.float32)
    return scores, vectors


@given(lists(), st.integers(0, 15), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
def test_it_equals_a_naive_double_loop(case, n, lam):
    assert mmr(*case, n, lam).tolist() == naive_mmr(*case, n, lam)


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_it_equals_a_naive_double_loop_on_real_directions(seed, lam):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(9, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scores = random.normal(size=9)
    assert mmr(scores, vectors, 9, lam).tolist() == naive_mmr(scores, vectors, 9, lam)


@given(lists(), st.integers(0, 15))
def test_lambda_1_is_the_order_of_relevance(case, n):
    scores, vectors = case
    assert mmr(scores, vectors, n, lam=1.0).tolist() == np.argsort(-scores, kind="stable")[:n].tolist()


@given(lists(), st.integers(0, 15), st.floats(0, 1))
def test_at_most_n_are_chosen_none_of_them_twice_and_the_most_relevant_first(case, n, lam):
    chosen = mmr(*case, n, lam).tolist()
    assert len(chosen) == len(set(chosen)) == min(n, len(case[0]))
    if chosen:
        assert case[0][chosen[0]] == case[0].max()


def test_with_lambda_0_the_most_relevant_product_still_comes_first():
    assert mmr(np.array([0.1, 0.9]), np.eye(2, dtype=np.float32), n=2, lam=0.0).tolist() == [1, 0]


def test_an_opposite_is_preferred_to_a_stranger():
    vectors = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    # 0.5 * 0.5 - 0.5 * 0 = 0.25 for the stranger, 0.5 * 0 - 0.5 * -1 = 0.5 for the opposite
    assert mmr(np.array([2.0, 1.0, 0.0]), vectors, n=2, lam=0.5).tolist() == [0, 2]


def test_a_product_without_a_vector_resembles_nothing():
    vectors = np.array([[1, 0], [1, 0], [0, 0]], np.float32)
    assert mmr(np.array([1.0, 0.9, 0.5]), vectors, n=2, lam=0.5).tolist() == [0, 2]
