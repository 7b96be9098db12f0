"""Marginal slot probabilities against every permutation, and their laws."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eval.offpolicy.slots import slot_probabilities
from service.ranking.sample import plackett_luce


def by_hand(logits: np.ndarray, n: int) -> np.ndarray:
    """Add up the probabilities of all orders."""
    mass = np.exp(logits - logits.max())
    found = np.zeros((n, len(logits)))
    for order in permutations(range(len(logits)), n):
        probability, left = 1.0, mass.sum()
        for product in order:
            probability *= mass[product] / left
            left -= mass[product]
        for slot, product in enumerate(order):
            found[slot, product] += probability
    return found


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, st.integers(2, 6), elements=st.floats(-8, 8)), st.integers(1, 4))
def test_they_are_the_sum_over_all_orders(logits: np.ndarray, n: int) -> None:
    n = min(n, len(logits))
    np.testing.assert_allclose(slot_probabilities(logits[None], n)[0], by_hand(logits, n), rtol=1e-6, atol=1e-11)


@settings(max_examples=40, deadline=None)
@given(arrays(np.float64, (3, 12), elements=st.floats(-300, 300)))
def test_every_slot_holds_exactly_one_product(logits: np.ndarray) -> None:
    found = slot_probabilities(logits, 12)
    np.testing.assert_allclose(found.sum(2), 1, atol=1e-6)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)


def test_the_first_slot_is_the_softmax() -> None:
    logits = np.random.default_rng(0).normal(0, 3, (5, 60))
    softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(slot_probabilities(logits, 20)[:, 0], softmax, rtol=1e-5)


def test_they_are_how_often_the_service_draws_a_product_into_a_slot() -> None:
    scores = np.random.default_rng(1).normal(0, 1, 10)
    counts = np.zeros((4, 10))
    for seed in range(4000):
        positions, _ = plackett_luce(scores, 4, 0.5, seed)
        counts[np.arange(4), positions] += 1
    # four standard errors of a share among 4,000
    found = slot_probabilities(scores[None] / 0.5, 4)[0]
    assert (np.abs(counts / 4000 - found) < 4 * np.sqrt(found * (1 - found) / 4000) + 1e-3).all()


@pytest.mark.parametrize("length", [1, 3])
def test_a_short_slate_fills_its_own_slots_only(length: int) -> None:
    logits = np.full((1, 5), -np.inf)
    logits[0, :length] = 0.0
    found = slot_probabilities(logits, 5)[0]
    np.testing.assert_allclose(found[:length, :length], 1 / length, atol=1e-7)
    assert found[length:].max() < 1e-9
    assert not found[:, length:].any()
