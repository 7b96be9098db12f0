"""Intervals cover what they should, equal a naive bootstrap's, and verdicts follow their rule."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import InvalidQuery
from service.core.intervals import Interval, Verdict, bootstrap, compare, detectable, permutation_p, verdict


def test_the_interval_is_the_textbooks_where_there_is_a_formula() -> None:
    values = np.random.default_rng(1).normal(3, 2, (4000, 1))
    [found] = bootstrap(values)
    error = values.std(ddof=1) / 4000**0.5
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    samples = np.random.default_rng(2).exponential(1, (300, 60))
    held = [
        interval.low <= 1 <= interval.high for interval in (bootstrap(s[:, None], resamples=400)[0] for s in samples)
    ]
    assert 0.88 <= np.mean(held) <= 0.98  # skewed values and 60 users: a little under 95 %


def test_every_resample_is_a_mean_of_drawn_users() -> None:
    values = np.random.default_rng(3).random((20, 1))
    random = np.random.default_rng(7)
    means = [values[random.integers(0, 20, 20), 0].mean() for _ in range(500)]
    low, high = np.quantile(means, [0.025, 0.975])
    [found] = bootstrap(values, resamples=500, seed=7)
    assert (found.low, found.high) == pytest.approx((low, high))


@given(st.integers(0, 100))
def test_the_same_seed_gives_the_same_numbers(seed: int) -> None:
    values = np.random.default_rng(seed).random((30, 2))
    assert bootstrap(values, resamples=50, seed=seed) == bootstrap(values.copy(), resamples=50, seed=seed)
    assert compare(values[:, 0], values[:, 1], seed=seed) == compare(values[:, 0], values[:, 1], seed=seed)


def test_all_signs_counted_by_hand() -> None:
    # of the 16 ways to set the signs of 1, 1, 1, 1 two reach |sum| 4
    assert permutation_p(np.ones(4), resamples=20_000) == pytest.approx(2 / 16, abs=0.01)


def test_p_is_uniform_where_there_is_no_difference() -> None:
    samples = np.random.default_rng(5).normal(size=(300, 40))
    found = [permutation_p(sample, resamples=200) for sample in samples]
    assert 0.02 <= np.mean(np.array(found) <= 0.05) <= 0.09


@pytest.mark.parametrize(
    ("difference", "p", "says"),
    [
        (Interval(0.02, 0.01, 0.03), 0.01, Verdict.BETTER),
        (Interval(-0.02, -0.03, -0.01), 0.01, Verdict.WORSE),
        (Interval(0.0, -0.004, 0.004), 0.9, Verdict.SAME),
        (Interval(0.01, -0.01, 0.03), 0.3, Verdict.UNDERPOWERED),
        (Interval(0.02, 0.01, 0.03), 0.2, Verdict.UNDERPOWERED),  # the two tests do not agree
        (Interval(0.02, float("nan"), float("nan")), 1.0, Verdict.UNDERPOWERED),
    ],
)
def test_the_rule_of_the_verdict(difference: Interval, p: float, says: Verdict) -> None:
    assert verdict(difference, p, margin=0.005) is says


def test_a_handful_of_users_proves_nothing() -> None:
    # all three are better, but of eight ways to set three signs two are as extreme
    assert compare(np.full(3, 0.1), np.full(3, 0.9)).verdict is Verdict.UNDERPOWERED


def test_the_same_row_twice_makes_no_difference() -> None:
    values = np.random.default_rng(6).random(50)
    found = compare(values, values)
    assert (found.mean, found.p, found.verdict) == (0, 1, Verdict.SAME)


def test_what_is_detectable_is_found_four_times_in_five() -> None:
    random = np.random.default_rng(8)
    effect = detectable(random.normal(size=400))
    found = [compare(np.zeros(400), random.normal(effect, 1, 400)).verdict is Verdict.BETTER for _ in range(60)]
    assert 0.65 <= np.mean(found) <= 0.93


@pytest.mark.parametrize(
    ("values", "says"), [(np.empty((0, 1)), "no users"), (np.array([[np.nan], [1.0]]), "1 of 2 values are NaN")]
)
def test_what_has_no_mean_is_refused(values: np.ndarray, says: str) -> None:
    with pytest.raises(InvalidQuery, match=says):
        bootstrap(values)


def test_one_user_has_a_mean_but_no_interval() -> None:
    [found] = bootstrap(np.array([[0.5]]))
    assert found.mean == 0.5
    assert np.isnan([found.low, found.high]).all()


def test_other_users_cannot_be_compared() -> None:
    with pytest.raises(InvalidQuery, match="only the same users"):
        compare(np.zeros(3), np.zeros(4))
