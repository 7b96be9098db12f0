"""A user made of their products' vectors is where arithmetic says."""

import numpy as np
import pytest

from service.ranking.fold_in import fold_in, mean_vector

random = np.random.default_rng(4)
ITEMS = random.normal(size=(30, 5)).astype(np.float32)
FOLD = random.normal(size=(5, 5)).astype(np.float32)


def test_the_user_is_the_mapped_mean_and_dislikes_push_away() -> None:
    items, fold = np.array([[1, 0], [0, 1]], np.float32), np.array([[0, 2], [1, 0]], np.float32)
    assert fold_in(items, np.array([3.0, -1.0]), fold, biased=False).tolist() == [-0.25, 1.5]


def test_with_a_bias_the_last_dimension_is_one() -> None:
    assert fold_in(ITEMS[:3], np.ones(3), FOLD, biased=True)[-1] == 1.0


def test_only_the_proportions_of_the_weights_count() -> None:
    weights = np.array([3.0, 1.0, -0.5])
    for scale in (1e-300, 1e-3, 1e6):
        np.testing.assert_allclose(
            fold_in(ITEMS[:3], weights * scale, FOLD, biased=False),
            fold_in(ITEMS[:3], weights, FOLD, biased=False),
            rtol=1e-5,
        )


@pytest.mark.parametrize("weights", [[], [0.0, 0.0]])
def test_where_nothing_weighs_only_the_bias_decides(weights: list[float]) -> None:
    assert mean_vector(ITEMS[: len(weights)], np.array(weights)).tolist() == [0.0] * 5
    assert fold_in(ITEMS[: len(weights)], np.array(weights), FOLD, biased=True).tolist() == [0, 0, 0, 0, 1]


def test_the_order_of_the_history_does_not_matter() -> None:
    weights = np.arange(1.0, 5.0)
    one, two = fold_in(ITEMS[:4], weights, FOLD, biased=True), fold_in(ITEMS[3::-1], weights[::-1], FOLD, biased=True)
    np.testing.assert_allclose(one, two, rtol=1e-5)
