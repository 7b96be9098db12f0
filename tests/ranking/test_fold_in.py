"""A user made of their products' vectors equals the formulas."""

import numpy as np
import pytest

from service.ranking.fold_in import mean_vector, ridge_vector

random = np.random.default_rng(4)
ITEMS = random.normal(size=(30, 5)).astype(np.float32)


def test_the_mean_weighs_and_dislikes_push_away() -> None:
    vectors = np.array([[1, 0], [0, 1]], np.float32)
    assert mean_vector(vectors, np.array([3.0, -1.0])).tolist() == [0.75, -0.25]


@pytest.mark.parametrize("weights", [[], [0.0, 0.0]])
def test_where_nothing_weighs_the_mean_is_zero(weights: list[float]) -> None:
    assert mean_vector(ITEMS[: len(weights)], np.array(weights)).tolist() == [0.0] * 5


def test_the_ridge_vector_minimises_its_loss() -> None:
    history, weights, l2 = np.array([2, 7, 11]), np.array([1.0, 4.0, 2.0]), 0.3
    confidence, liked = np.ones(30), np.zeros(30)
    confidence[history] += weights
    liked[history] = 1

    def loss(user: np.ndarray) -> float:
        return float((confidence * (liked - ITEMS @ user) ** 2).sum() + l2 * user @ user)

    gram = ITEMS.astype(np.float64).T @ ITEMS
    best = ridge_vector(ITEMS[history], weights, gram, l2).astype(np.float64)
    for step in np.vstack([np.eye(5), -np.eye(5)]) * 1e-2:
        assert loss(best) < loss(best + step)


def test_dislikes_take_no_part_in_the_ridge() -> None:
    gram = np.eye(5)
    with_dislike = ridge_vector(ITEMS[:3], np.array([1.0, 2.0, -1.0]), gram, 1.0)
    assert np.array_equal(with_dislike, ridge_vector(ITEMS[:2], np.array([1.0, 2.0]), gram, 1.0))


def test_no_history_is_the_zero_vector() -> None:
    assert ridge_vector(ITEMS[:0], np.empty(0), np.eye(5), 1.0).tolist() == [0.0] * 5
