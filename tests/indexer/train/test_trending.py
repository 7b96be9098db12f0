"""Decayed counts by hand."""

import numpy as np
import pytest

from indexer.train.data import TrainingData, training_data
from indexer.train.trending import top, top_by_category, trending

HOUR = 3600.0


def data(items: list[int], hours: list[float], weights: list[float]) -> TrainingData:
    n = len(items)
    return training_data(
        np.zeros(n, int), np.array(items, int), np.array(weights, np.float32), np.array(hours, float) * HOUR,
        np.zeros(n, np.int64), n_users=1, n_items=3,
    )  # fmt: skip


def test_the_sum_equals_the_step_by_step_rule() -> None:
    score = 0.0
    for new in (4, 0, 2, 1):  # one hour after the other
        score = 0.95 * score + new
    found = trending(data([0, 0, 0], [0, 2, 3], [4, 2, 1]), now=3 * HOUR)
    assert found[0] == pytest.approx(score)


def test_steps_may_be_longer_than_an_hour() -> None:
    assert trending(data([0], [0], [1]), now=48 * HOUR, decay=0.5, step_hours=24)[0] == pytest.approx(0.25)


def test_a_clock_that_goes_backwards_lets_nothing_grow() -> None:
    assert trending(data([0], [10], [1]), now=0.0)[0] == 1


def test_dislikes_subtract_but_never_below_nothing() -> None:
    assert trending(data([0, 0, 1], [0, 0, 0], [3, -1, -5]), now=0.0).tolist() == [2, 0, 0]


def test_without_interactions_nothing_trends() -> None:
    scores = trending(data([], [], []), now=0.0)
    assert scores.tolist() == [0, 0, 0]
    assert len(top(scores, 5)) == 0
    assert top_by_category(scores, [["a"]] * 3, 5) == {}


def test_top_is_best_first_and_holds_no_product_without_score() -> None:
    assert top(np.array([1.0, 0.0, 5.0, 1.0]), 9).tolist() == [2, 0, 3]


def test_every_category_has_its_own_best() -> None:
    found = top_by_category(np.array([1.0, 2.0, 3.0]), [["a"], ["a", "b"], []], 1)
    assert {name: products.tolist() for name, products in found.items()} == {"a": [1], "b": [1]}
