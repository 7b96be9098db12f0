"""Ratios of sums over visitors against the bootstrap and the truth; sample ratios against scipy."""

import numpy as np
import pytest
from scipy.stats import chisquare

from eval.abtest.ratio import ratio
from eval.abtest.sample_ratio import SUSPICIOUS, sample_ratio_p
from eval.resampling import resampled_sums


def visitors(random: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Clicks and slots of visitors who differ in how often they come and how gladly they click."""
    slots = 4.0 * random.geometric(0.3, count)
    return random.binomial(slots.astype(int), random.beta(1, 6, count)).astype(float), slots


def test_the_delta_method_and_the_bootstrap_agree() -> None:
    clicks, slots = visitors(np.random.default_rng(1), 2000)
    sums = resampled_sums(np.stack([clicks, slots], axis=1), resamples=4000)
    found = ratio(clicks, slots)
    assert found.error == pytest.approx((sums[:, 0] / sums[:, 1]).std(), rel=0.05)
    low, high = np.quantile(sums[:, 0] / sums[:, 1], [0.025, 0.975])
    assert (found.interval().low, found.interval().high) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_slots_are_not_independent_and_counting_them_so_would_be_wrong() -> None:
    clicks, slots = visitors(np.random.default_rng(2), 2000)
    value = clicks.sum() / slots.sum()
    assert ratio(clicks, slots).error > 1.5 * (value * (1 - value) / slots.sum()) ** 0.5


def test_intervals_hold_the_truth_95_times_in_100() -> None:
    random = np.random.default_rng(3)
    truth = 1 / 7  # mean of beta(1, 6): who comes often does not click more gladly
    found = [ratio(*visitors(random, 400)).interval() for _ in range(1000)]
    assert np.mean([one.low <= truth <= one.high for one in found]) == pytest.approx(0.95, abs=0.02)


def test_one_visitor_has_a_rate_but_no_interval() -> None:
    found = ratio(np.ones(1), np.full(1, 4.0))
    assert found.value == 0.25
    assert np.isnan(found.error)
    assert np.isnan(ratio(np.zeros(3), np.zeros(3)).value)


def test_the_sample_ratio_check_is_a_chi_square_test() -> None:
    assert sample_ratio_p([480, 320, 200], [0.5, 0.3, 0.2]) == pytest.approx(
        chisquare([480, 320, 200], [500, 300, 200]).pvalue
    )


def test_lost_visitors_are_noticed_and_fair_splits_are_not() -> None:
    random = np.random.default_rng(5)
    fair = random.binomial(10_000, 0.5, 2000)
    assert np.mean([sample_ratio_p([n, 10_000 - n], [0.5, 0.5]) < SUSPICIOUS for n in fair]) < 0.004
    # one visitor in ten of one variant goes missing
    lossy = random.binomial(random.binomial(10_000, 0.5, 200), 0.9)
    kept = 10_000 - random.binomial(10_000, 0.5, 200)
    assert np.mean([sample_ratio_p([a, b], [0.5, 0.5]) < SUSPICIOUS for a, b in zip(lossy, kept, strict=True)]) > 0.95
