"""Looking whenever one likes: false alarms, coverage and power, by simulation."""

import numpy as np
import pytest

from eval.abtest.effect import effect
from eval.abtest.ratio import Ratio
from eval.abtest.sequential import ALPHA, always_p, mixing, radius, visitors_needed

RUNS, PEEKS, PER_PEEK = 400, 40, 100  # visitors per arm that join between two looks


def looks(rate: tuple[float, float], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Difference and standard error float64[RUNS, PEEKS] and visitors [PEEKS] of two arms, converting at `rate`."""
    random = np.random.default_rng(seed)
    count = np.arange(1, PEEKS + 1) * PER_PEEK
    means = [random.binomial(PER_PEEK, p, (RUNS, PEEKS)).cumsum(1) / count for p in rate]
    error = np.sqrt(sum(mean * (1 - mean) / (count - 1) for mean in means))
    return means[1] - means[0], error, 2 * count


def returning(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same for clicks per slot of visitors who join early and keep coming back, each with a rate of their own."""
    random = np.random.default_rng(seed)
    visitors = PEEKS * 25
    joined = np.arange(visitors) // 25
    arms = []
    for _ in range(2):
        rate = random.beta(1, 9, (RUNS, visitors))
        clicks, slots = np.zeros((RUNS, visitors)), np.zeros((RUNS, visitors))
        seen = []
        for peek in range(PEEKS):
            comes = (random.random((RUNS, visitors)) < 0.3) | (joined == peek)
            new = np.where(comes & (joined <= peek), 5, 0)
            slots += new
            clicks += random.binomial(new, rate)
            n = (peek + 1) * 25
            value = clicks.sum(1) / slots.sum(1)
            spread = (clicks - value[:, None] * slots)[:, :n].var(1, ddof=1)
            seen.append((value, np.sqrt(spread / n) / slots[:, :n].mean(1)))
        arms.append(np.array(seen).transpose(1, 2, 0))
    error = np.sqrt(arms[0][1] ** 2 + arms[1][1] ** 2)
    return arms[1][0] - arms[0][0], error, 50 * np.arange(1, PEEKS + 1)


def ever_outside(found: tuple[np.ndarray, np.ndarray, np.ndarray], truth: float, *, peeking_is_allowed: bool) -> float:
    """Share of runs in which some look leaves the truth out."""
    difference, error, visitors = found
    if peeking_is_allowed:
        wide = np.array([[radius(e, n, planned=4000) for e, n in zip(row, visitors, strict=True)] for row in error])
    else:
        wide = 1.96 * error
    return float((np.abs(difference - truth) > wide).any(1).mean())


def test_peeking_at_equal_arms_raises_at_most_five_false_alarms_in_a_hundred() -> None:
    assert ever_outside(looks((0.05, 0.05), 1), 0.0, peeking_is_allowed=True) <= ALPHA
    assert ever_outside(looks((0.05, 0.05), 1), 0.0, peeking_is_allowed=False) > 0.2  # what it is there for


def test_visitors_who_come_back_make_no_more_false_alarms() -> None:
    assert ever_outside(returning(2), 0.0, peeking_is_allowed=True) <= ALPHA


def test_a_true_effect_lies_in_the_sequence_at_all_times() -> None:
    assert ever_outside(looks((0.10, 0.13), 3), 0.03, peeking_is_allowed=True) <= ALPHA


def test_the_p_value_agrees_with_the_interval() -> None:
    for z in (0.5, 2.0, 3.0, 3.1, 5.0):
        outside = z * 0.01 > radius(0.01, 5000)
        assert (always_p(z * 0.01, 0.01, 5000) < ALPHA) == outside


def test_so_many_visitors_find_the_effect_four_times_out_of_five() -> None:
    error = (2 * 0.05 * 0.95 / 5000) ** 0.5
    needed = visitors_needed(0.01, error, 10_000)
    assert needed is not None
    random = np.random.default_rng(4)
    arms = random.binomial(needed // 2, [0.05, 0.06], (2000, 2)) / (needed // 2)
    then = error * (10_000 / needed) ** 0.5 * (0.0475 + 0.0564) ** 0.5 / (2 * 0.0475) ** 0.5
    assert (arms[:, 1] - arms[:, 0] > radius(then, needed)).mean() == pytest.approx(0.8, abs=0.06)


def test_it_is_tightest_about_where_it_was_planned() -> None:
    at = {planned: radius(1.0, 10_000, planned=planned) for planned in (100, 1000, 10_000, 100_000, 1_000_000)}
    assert min(at, key=at.__getitem__) == 10_000
    assert mixing(10_000) == pytest.approx((5.9915 + np.log(5.9915) + 1) / 10_000, rel=1e-3)


def test_a_mismatched_split_forbids_a_verdict() -> None:
    found = effect(Ratio(0.1, 0.001, 5000), Ratio(0.2, 0.001, 5000), is_trusted=False)
    assert found.verdict == "untrustworthy"


def test_verdicts_say_what_may_be_said() -> None:
    control = Ratio(0.100, 0.0001, 10_000)
    assert effect(control, Ratio(0.090, 0.0001, 10_000)).verdict == "worse"
    assert effect(control, Ratio(0.1002, 0.0001, 10_000)).verdict == "no difference"
    unsure = effect(control, Ratio(0.103, 0.004, 1000))
    assert (unsure.verdict, unsure.still_needed) == ("underpowered", pytest.approx(87_000, rel=0.5))
    nothing = effect(Ratio(0.0, 0.0, 50), Ratio(0.0, 0.0, 50))
    assert (nothing.verdict, nothing.p, nothing.still_needed) == ("underpowered", 1.0, None)
