"""Transitions counted by hand."""

import time

import numpy as np
import pytest

from indexer.train.data import TrainingData, training_data
from indexer.train.sequence import Sequence, sequence

PLAIN = Sequence(window=2, discount=0.5, from_exponent=0, to_exponent=0, backward=0)


def walks(*users: list[int], weights: list[float] | None = None, sessions: list[int] | None = None) -> TrainingData:
    items = [item for walk in users for item in walk]
    n = len(items)
    return training_data(
        np.repeat(np.arange(len(users)), [len(walk) for walk in users]),
        np.array(items, int),
        np.array(weights or [1.0] * n, np.float32),
        np.arange(n, dtype=float),
        np.array(sessions or [0] * n, np.int64),
        n_users=len(users),
        n_items=4,
    )


def test_counts_are_directed_and_discounted_by_distance() -> None:
    # 0 1 2 3: one step 1, two steps 0.5, three steps are beyond the window; 1 0: one step back
    found = sequence(walks([0, 1, 2, 3], [1, 0]), PLAIN).toarray()
    expected = np.zeros((4, 4))
    expected[1, 0] = expected[2, 1] = expected[3, 2] = 1
    expected[2, 0] = expected[3, 1] = 0.5
    expected[0, 1] = 1
    assert found.tolist() == expected.tolist()


def test_nobody_goes_from_the_last_product_of_one_user_to_the_first_of_the_next() -> None:
    assert sequence(walks([0], [1], [2]), PLAIN).nnz == 0


def test_a_view_a_click_and_a_purchase_of_one_product_are_one_step() -> None:
    assert np.array_equal(
        sequence(walks([0, 0, 0, 1]), PLAIN).toarray(),
        sequence(walks([0, 1]), PLAIN).toarray(),
    )


def test_within_sessions_what_came_in_the_next_session_does_not_count() -> None:
    params = Sequence(2, 0.5, within_sessions=True, from_exponent=0, to_exponent=0, backward=0)
    found = sequence(walks([0, 1, 2], sessions=[7, 7, 8]), params).toarray()
    assert found[1, 0] == 1
    assert found.sum() == 1


def test_the_weight_is_that_of_what_came_next_and_dislikes_are_passed_over() -> None:
    found = sequence(walks([0, 1, 2], weights=[1.0, -5.0, 3.0]), PLAIN).toarray()
    assert found[2, 0] == 3
    assert found.sum() == 3


def test_with_exponents_one_and_nothing_weights_are_transition_probabilities() -> None:
    params = Sequence(window=1, from_exponent=1, to_exponent=0, backward=0)
    found = sequence(walks([0, 1], [0, 1], [0, 2], [3, 2]), params).toarray()
    assert found[1, 0] == pytest.approx(2 / 3)  # of three who went on from 0, two went to 1
    assert found[2, 0] == pytest.approx(1 / 3)
    assert found[2, 3] == 1


def test_popular_destinations_are_normalised() -> None:
    params = Sequence(window=1, from_exponent=0, to_exponent=1, backward=0)
    found = sequence(walks([0, 1], [0, 1], [0, 2], [3, 1]), params).toarray()
    assert found[1, 0] == pytest.approx(2 / 3)  # 1 was reached three times, twice from 0
    assert found[2, 0] == 1


def test_shrinkage_makes_one_single_transition_less_than_certain() -> None:
    params = Sequence(window=1, from_exponent=1, to_exponent=0, support_shrinkage=3.0, backward=0)
    assert sequence(walks([0, 1]), params).toarray()[1, 0] == pytest.approx(1 / 4)


def test_backward_transitions_count_their_share() -> None:
    params = Sequence(window=1, from_exponent=0, to_exponent=0, backward=0.25)
    found = sequence(walks([0, 1]), params).toarray()
    assert (found[1, 0], found[0, 1]) == (1, 0.25)


def test_only_the_strongest_neighbours_are_kept() -> None:
    params = Sequence(window=1, from_exponent=0, to_exponent=0, backward=0, neighbours=1)
    found = sequence(walks([0, 2], [1, 2], [1, 2]), params).toarray()
    assert found[2].tolist() == [0, 2, 0, 0]


@pytest.mark.parametrize("walk", [[], [1], [1, 1, 1]])
def test_without_two_products_there_are_no_transitions(walk: list[int]) -> None:
    found = sequence(walks(walk), Sequence())
    assert found.shape == (4, 4)
    assert found.nnz == 0


def test_a_user_with_a_hundred_thousand_events_takes_no_time() -> None:
    n = 100_000
    items = np.random.default_rng(0).integers(0, 4, n)
    started = time.process_time()
    data = training_data(
        np.zeros(n, int), items, np.ones(n, np.float32), np.arange(n, dtype=float), np.zeros(n, np.int64),
        n_users=1, n_items=4,
    )  # fmt: skip
    assert np.isfinite(sequence(data, Sequence()).data).all()
    assert time.process_time() - started < 2
