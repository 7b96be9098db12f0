"""Whom chance may give a slot, and how the bandit makes up its mind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ranking.explore import thompson
from service.ranking.guests import balance, serendipity

counts = st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1)), min_size=1, max_size=12)


@given(counts, st.floats(0, 1), st.integers(0, 2**64 - 1))
def test_odds_are_probabilities_and_nobody_is_without_a_chance(rows, floor, seed):
    shown, clicked, prior = (np.array(column) for column in zip(*rows, strict=True))
    odds = thompson(shown, clicked, prior, floor=floor, seed=seed)
    assert odds.sum() == pytest.approx(1)
    assert (odds >= floor / len(rows) - 1e-12).all()
    assert odds.tolist() == thompson(shown, clicked, prior, floor=floor, seed=seed).tolist()


def test_what_is_little_known_is_tried_and_what_is_known_to_be_bad_is_not():
    shown, clicked = np.array([2000.0, 2000.0, 0.0]), np.array([200.0, 20.0, 0.0])
    odds = thompson(shown, clicked, np.full(3, 0.09), floor=0.0, seed=3)
    assert odds[1] == 0
    assert 0.1 < odds[2] < 0.6


def test_a_new_product_is_believed_to_be_like_its_category():
    shown = clicked = np.zeros(2)
    odds = thompson(shown, clicked, np.array([0.3, 0.02]), floor=0.0, seed=3)
    assert odds[0] > 0.95


def test_the_bandit_finds_the_best_arm_in_the_end():
    truth, random = np.array([0.05, 0.1, 0.2]), np.random.default_rng(0)
    shown, clicked, tried = np.zeros(3), np.zeros(3), []
    for turn in range(1500):
        arm = random.choice(3, p=thompson(shown, clicked, np.full(3, 0.1), floor=0.05, seed=turn, draws=32))
        shown[arm] += 1
        clicked[arm] += random.random() < truth[arm]
        tried.append(arm)
    assert np.mean(np.array(tried[-500:]) == 2) > 0.75


def test_a_category_the_slate_leaves_out_gets_the_odds():
    scores = np.array([5.0, 4.0, 3.0, 2.9, 1.0])
    odds = balance(scores, np.array([0, 0, 1, 1, -1]), n=2)
    assert (odds[:2] == 0).all()
    assert odds[2] > odds[3] > 0
    assert odds[4] == 0
    assert not balance(np.array([1.0, 1.0, 0.0, 0.0]), np.array([0, 1, 0, 1]), n=2).any()  # both have their half


@given(st.lists(st.floats(-5, 5), max_size=9).map(np.array), st.integers(0, 9))
def test_odds_are_never_negative(scores, n):
    groups = np.arange(len(scores)) % 3 - 1
    assert (balance(np.sort(scores)[::-1], groups, n) >= 0).all()
    odds = serendipity(scores, np.linspace(-1, 1, len(scores)), n)
    assert (odds >= 0).all()
    assert not odds[:n].any()
