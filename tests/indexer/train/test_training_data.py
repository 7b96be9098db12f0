"""Columns of interactions become sorted data, weights and a matrix; nonsense is refused with a clear word."""

import numpy as np
import pytest

from indexer.train.data import TrainingData, interaction_matrix, latest_per_user
from indexer.train.data import training_data as make
from service.core.errors import InvalidQuery
from service.core.event_weights import EventWeights, event_weights
from service.core.types import EventType

DAY = 86_400.0


def data(users: list[int], items: list[int], weights: list[float] | None = None) -> TrainingData:
    n = len(users)
    return make(
        np.array(users, int),
        np.array(items, int),
        np.array(weights if weights is not None else np.ones(n), np.float32),
        np.arange(n, dtype=float),
        np.zeros(n, np.int64),
        n_users=3,
        n_items=4,
    )


def code(kind: EventType) -> int:
    return list(EventType).index(kind)


def test_rows_are_sorted_by_user_and_time_and_keep_their_order_within_a_moment() -> None:
    made = make(
        np.array([1, 0, 0, 0]),
        np.array([0, 1, 2, 3]),
        np.ones(4, np.float32),
        np.array([1.0, 5.0, 5.0, 2.0]),
        np.zeros(4, np.int64),
        n_users=2,
        n_items=4,
    )
    assert made.users.tolist() == [0, 0, 0, 1]
    assert made.items.tolist() == [3, 1, 2, 0]


def test_a_users_interactions_with_a_product_add_up_and_dislikes_are_left_out() -> None:
    matrix = interaction_matrix(data([0, 0, 0, 1, 1], [1, 1, 2, 1, 1], [1.0, 2.0, 4.0, 1.0, -1.0]))
    assert matrix.shape == (3, 4)
    assert matrix.toarray()[0].tolist() == [0, 3, 4, 0]
    assert matrix.nnz == 2  # user 1 likes and dislikes product 1 equally: nothing


def test_an_entry_has_an_upper_limit_where_one_is_given() -> None:
    assert interaction_matrix(data([0] * 9, [1] * 9), largest=5.0).toarray()[0].tolist() == [0, 5, 0, 0]


def test_a_weight_is_its_types_and_halves_with_age() -> None:
    params = EventWeights({EventType.VIEW: 1.0, EventType.PURCHASE: 4.0, EventType.HIDE: -2.0}, half_life_days=10)
    types = np.array([code(EventType.PURCHASE), code(EventType.VIEW), code(EventType.HIDE), code(EventType.CART)])
    at = np.array([80.0, 100.0, 90.0, 100.0]) * DAY
    weights = event_weights(types.astype(np.uint8), np.full(4, np.nan, np.float32), at, 100 * DAY, params)
    assert weights.tolist() == [1.0, 1.0, -1.0, 0.0]  # 4 / 2 / 2 · 1 · -2 / 2 · a type without a weight


def test_a_time_in_the_future_counts_as_now() -> None:
    params = EventWeights({EventType.VIEW: 1.0}, half_life_days=1)
    one = np.array([code(EventType.VIEW)], np.uint8)
    assert event_weights(one, np.full(1, np.nan, np.float32), np.array([9 * DAY]), 0.0, params).tolist() == [1.0]


def test_stars_decide_whether_a_rating_is_a_like() -> None:
    params = EventWeights({EventType.RATING: 3.0}, half_life_days=float("inf"))
    stars = np.array([5, 4, 3, 2, 1, np.nan], np.float32)
    weights = event_weights(np.full(6, code(EventType.RATING), np.uint8), stars, np.zeros(6), 0.0, params)
    assert weights.tolist() == [3, 3, 0, -3, -3, 0]


def test_only_the_latest_interactions_of_a_user_count() -> None:
    kept = latest_per_user(data([0, 0, 0, 1], [0, 1, 2, 3]), 2)
    assert kept.items.tolist() == [1, 2, 3]


def test_no_interactions_are_an_empty_matrix() -> None:
    empty = data([], [])
    assert interaction_matrix(latest_per_user(empty, 5)).nnz == 0
    assert interaction_matrix(empty).shape == (3, 4)


@pytest.mark.parametrize(("users", "items"), [([3], [0]), ([-1], [0]), ([0], [4])])
def test_an_index_out_of_range_is_refused(users: list[int], items: list[int]) -> None:
    with pytest.raises(InvalidQuery, match=r"allowed is 0\.\."):
        data(users, items)


def test_a_weight_that_is_no_number_is_refused() -> None:
    with pytest.raises(InvalidQuery, match="not a finite number"):
        data([0], [0], [float("nan")])


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InvalidQuery, match="equal length"):
        data([0, 1], [0])
