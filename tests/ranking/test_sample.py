"""Sampling: exact probabilities by enumeration, frequencies over many seeds."""

from collections import Counter
from itertools import permutations
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ranking.sample import plackett_luce, request_seed

seeds = st.integers(0, 2**64 - 1)
temperatures = st.floats(1e-3, 100) | st.sampled_from([5e-324, 1e-300, 1e-12])


def softmax_slots(scores, order, temperature):
    """Probability of each product of `order` in its slot, given those before it; by the definition."""
    odds = {i: exp((score - max(scores)) / temperature) for i, score in enumerate(scores)}
    taken: list[float] = []
    for i in order:
        taken.append(odds[i] / sum(odds.values()))
        del odds[i]
    return taken


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=6), st.floats(0.5, 5), seeds)
def test_propensities_are_the_sequential_softmax(scores, temperature, seed):
    positions, propensities = plackett_luce(np.array(scores), len(scores), temperature, seed)
    assert propensities == pytest.approx(softmax_slots(scores, positions.tolist(), temperature), rel=1e-9)


def test_the_probabilities_of_all_orders_sum_to_1_and_orders_come_up_as_often_as_they_say():
    scores, temperature, draws = np.array([1.0, 0.5, 0.0]), 0.5, 20_000
    drawn = Counter(tuple(plackett_luce(scores, 3, temperature, seed)[0].tolist()) for seed in range(draws))
    expected = {order: float(np.prod(softmax_slots(scores, order, temperature))) for order in permutations(range(3))}
    assert sum(expected.values()) == pytest.approx(1.0)
    for order, probability in expected.items():
        # five standard deviations of a binomial count: one false alarm in a million
        tolerance = 5 * (draws * probability * (1 - probability)) ** 0.5
        assert drawn[order] == pytest.approx(draws * probability, abs=tolerance)


@given(st.lists(st.floats(-1e3, 1e3), max_size=20), st.integers(0, 25), temperatures, seeds)
def test_propensities_lie_above_0_and_at_most_at_1_and_no_product_is_drawn_twice(scores, n, temperature, seed):
    positions, propensities = plackett_luce(np.array(scores), n, temperature, seed)
    assert len(positions) == len(set(positions.tolist())) == min(n, len(scores))
    assert ((propensities > 0) & (propensities <= 1)).all()


@given(st.lists(st.floats(-1e3, 1e3), max_size=20), temperatures, seeds)
def test_the_same_seed_gives_the_same_draw_and_fewer_slots_its_beginning(scores, temperature, seed):
    whole = plackett_luce(np.array(scores), len(scores), temperature, seed)
    part = plackett_luce(np.array(scores), len(scores) // 2, temperature, seed)
    assert part[0].tolist() == whole[0][: len(scores) // 2].tolist()
    assert part[1].tolist() == whole[1][: len(scores) // 2].tolist()


def test_temperature_0_is_the_order_by_score_with_certainty():
    positions, propensities = plackett_luce(np.array([1.0, 3.0, 3.0, 2.0]), n=3, temperature=0, seed=5)
    assert (positions.tolist(), propensities.tolist()) == ([1, 2, 3], [1.0, 1.0, 1.0])


@pytest.mark.parametrize("temperature", [1e-12, 1e-300, 5e-324])
def test_a_temperature_next_to_nothing_is_the_order_by_score_too(temperature):
    positions, propensities = plackett_luce(np.array([1.0, 3.0, 2.0, 0.0]), n=4, temperature=temperature, seed=5)
    assert (positions.tolist(), propensities.tolist()) == ([1, 2, 0, 3], [1.0, 1.0, 1.0, 1.0])


def test_twins_are_drawn_by_lot_at_any_temperature():
    firsts = {plackett_luce(np.array([1.0, 1.0, -5.0]), 1, 1e-300, seed)[0].item() for seed in range(50)}
    assert firsts == {0, 1}


def test_a_hot_draw_is_nearly_even():
    _, propensities = plackett_luce(np.array([1.0, 0.0]), n=2, temperature=1e6, seed=3)
    assert propensities == pytest.approx([0.5, 1.0], abs=1e-6)


def test_a_seed_depends_on_every_part_and_on_where_it_ends():
    assert request_seed("home", "u1") == request_seed("home", "u1")
    assert len({request_seed("home", "u1"), request_seed("home", "u2"), request_seed("homeu1"), request_seed()}) == 4
    assert 0 <= request_seed("home") < 2**64
