"""Item-item weights equal the formulas they stand for."""

import numpy as np
import pytest

from indexer.train.covisit import Covisit, covisit, ease
from indexer.train.matrix import csr, from_dense

random = np.random.default_rng(5)
LIKES = (random.random((60, 12)) < 0.3).astype(float)
FULL = 11  # all neighbours of 12 products


def naive_ease(likes: np.ndarray, l2: float) -> np.ndarray:
    """Steck 2019, eq. 8, as a double loop; transposed, as row = product to score."""
    inverse = np.linalg.inv(likes.T @ likes + l2 * np.eye(likes.shape[1]))
    weights = np.zeros_like(inverse)
    for history in range(len(inverse)):
        for product in range(len(inverse)):
            if history != product:
                weights[product, history] = -inverse[history, product] / inverse[product, product]
    return weights


def cosine(likes: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(likes, axis=0)
    found = likes.T @ likes / np.outer(lengths, lengths)
    np.fill_diagonal(found, 0)
    return found


@pytest.mark.parametrize("l2", [0.5, 20.0])
def test_ease_equals_the_dense_formula(l2: float) -> None:
    np.testing.assert_allclose(ease(from_dense(LIKES), l2, FULL).toarray(), naive_ease(LIKES, l2), atol=1e-5)


def test_ease_over_several_blocks_equals_the_dense_formula() -> None:
    likes = (np.random.default_rng(2).random((300, 600)) < 0.03).astype(float)
    np.testing.assert_allclose(ease(from_dense(likes), 5.0, 599).toarray(), naive_ease(likes, 5.0), atol=1e-4)


def test_the_cut_keeps_the_strongest_weights_and_never_the_product_itself() -> None:
    full, cut = naive_ease(LIKES, 1.0), ease(from_dense(LIKES), 1.0, 3).toarray()
    for product in range(12):
        strongest = np.argsort(-np.abs(full[product]))[:3]
        assert set(np.flatnonzero(cut[product])) == set(strongest)
        np.testing.assert_allclose(cut[product, strongest], full[product, strongest], atol=1e-5)


def test_cosine_neighbours_equal_a_double_loop() -> None:
    found = covisit(from_dense(LIKES), Covisit("cosine", neighbours=FULL)).toarray()
    np.testing.assert_allclose(found, cosine(LIKES), atol=1e-5)


def test_beyond_the_limit_auto_takes_neighbours_instead_of_ease() -> None:
    likes = from_dense(LIKES)
    auto = covisit(likes, Covisit("auto", ease_limit=11, neighbours=4)).toarray()
    assert np.array_equal(auto, covisit(likes, Covisit("tfidf", neighbours=4)).toarray())
    assert (auto > 0).sum(axis=1).max() == 4
    within = covisit(likes, Covisit("auto", ease_limit=12, l2=1.0, neighbours=FULL)).toarray()
    np.testing.assert_allclose(within, naive_ease(LIKES, 1.0), atol=1e-5)


def test_products_without_interactions_have_no_weights_and_cost_nothing() -> None:
    spread = np.zeros((60, 1000))
    spread[:, 100:112] = LIKES
    weights = covisit(from_dense(spread), Covisit("ease", l2=1.0, neighbours=FULL))
    assert weights.shape == (1000, 1000)
    np.testing.assert_allclose(weights[100:112, 100:112].toarray(), naive_ease(LIKES, 1.0), atol=1e-5)
    assert weights.nnz == 12 * 11


def test_a_popularity_exponent_lowers_the_rows_of_popular_products() -> None:
    plain = covisit(from_dense(LIKES), Covisit("ease", l2=1.0, neighbours=FULL)).toarray()
    lifted = covisit(from_dense(LIKES), Covisit("ease", l2=1.0, neighbours=FULL, popularity_exponent=0.5)).toarray()
    np.testing.assert_allclose(lifted, plain / np.sqrt(LIKES.sum(axis=0))[:, None], atol=1e-5)


def test_a_user_exponent_makes_the_busiest_count_like_others() -> None:
    scaled = LIKES / np.maximum(LIKES.sum(axis=1, keepdims=True), 1) ** 0.5
    weights = covisit(from_dense(LIKES), Covisit("ease", l2=1.0, neighbours=FULL, user_exponent=0.5)).toarray()
    np.testing.assert_allclose(weights, naive_ease(scaled, 1.0), atol=1e-5)


@pytest.mark.parametrize("kind", ["auto", "ease", "cosine", "tfidf"])
@pytest.mark.parametrize("entries", [0, 1])
def test_without_two_products_there_are_no_weights(kind: str, entries: int) -> None:
    likes = csr(np.zeros(entries, int), np.zeros(entries, int), np.ones(entries), (3, 4))
    weights = covisit(likes, Covisit(kind))  # type: ignore[arg-type]
    assert weights.shape == (4, 4)
    assert weights.nnz == 0


@pytest.mark.parametrize("kind", ["ease", "tfidf"])
def test_a_user_with_a_hundred_thousand_events_breaks_nothing(kind: str) -> None:
    rows, columns = np.zeros(100_000, int), np.arange(100_000) % 300
    weights = covisit(csr(rows, columns, np.ones(100_000), (2, 300)), Covisit(kind))  # type: ignore[arg-type]
    assert np.isfinite(weights.data).all()
    assert np.diff(weights.indptr).max() <= 100
