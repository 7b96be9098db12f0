"""Freshness halves with age."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ranking.adjust import freshness, resemblance, weariness

ages = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=10).map(np.array)


def test_a_gain_halves_every_half_life():
    gains = freshness(np.array([0.0, 30.0, 60.0, 90.0]), weight=0.8, half_life_days=30)
    assert gains.tolist() == [0.8, 0.8 / 2, 0.8 / 4, 0.8 / 8]


def test_a_product_of_tomorrow_gains_as_much_as_one_made_now_and_one_without_a_date_nothing():
    assert freshness(np.array([-5.0, np.nan, np.inf]), weight=0.5, half_life_days=7).tolist() == [0.5, 0.0, 0.0]


@given(ages, st.floats(0, 1000), st.floats(5e-324, 1e308))
def test_gains_lie_between_0_and_the_weight_and_fall_with_age(ages, weight, half_life_days):
    gains = freshness(ages, weight, half_life_days)
    assert ((gains >= 0) & (gains <= weight)).all()
    assert (np.diff(gains[np.argsort(ages)]) <= 0).all()


@pytest.mark.parametrize("count", [0, 3])
def test_weight_0_gains_nothing(count):
    assert freshness(np.zeros(count), weight=0, half_life_days=30).tolist() == [0.0] * count


@given(st.integers(0, 6), st.integers(0, 4), st.floats(0, 2))
def test_resemblance_takes_at_most_its_weight_and_nothing_from_the_unlike(count, hidden, weight):
    random = np.random.default_rng(count * 10 + hidden)
    vectors, disliked = (random.normal(size=(n, 8)).astype(np.float32) for n in (count, hidden))
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (vectors, disliked)]
    losses = resemblance(*unit, weight)
    assert losses.shape == (count,)
    assert ((losses <= 0) & (losses >= -weight)).all()
    if hidden and count:
        far = (unit[0] @ unit[1].T).max(axis=1) <= 0.5
        assert not losses[far].any()
        assert resemblance(unit[1], unit[1], weight) == pytest.approx(np.full(hidden, -weight), abs=1e-5)


def test_weariness_grows_with_every_showing_and_has_an_end():
    losses = weariness(np.array([0.0, 0.5, 1.0, 50.0]), 0.4)
    assert (np.diff(losses) < 0).all()
    assert losses[0] == 0
    assert losses[-1] == pytest.approx(-0.4)
