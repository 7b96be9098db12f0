"""Figures of a run are what NumPy says of its latencies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.load.engine import Costs, ratios
from eval.load.find_rate import find_rate, why_not
from eval.load.measured import Measured, curve, over_time, summary


def a_run(ms: list[float], status: list[int], late_ms: float = 0.0, rate: float = 10.0) -> Measured:
    count = len(ms)
    surfaces = np.array(["home", "similar"])[np.arange(count) % 2]
    due = np.arange(count) / rate
    return Measured(rate, surfaces, due, np.array(ms), np.full(count, late_ms), np.array(status), 0, 0.0)


@given(st.lists(st.floats(0.1, 1e4), min_size=2, max_size=300))
def test_percentiles_are_those_of_numpy_overall_and_by_surface(ms: list[float]) -> None:
    figures = summary(a_run(ms, [200] * len(ms)))
    for part, values in ((figures, ms), (figures["by_surface"]["similar"], ms[1::2])):
        for name, q in (("p50_ms", 50), ("p95_ms", 95), ("p99_ms", 99)):
            assert part[name] == pytest.approx(np.percentile(values, q), abs=0.006)
        assert part["max_ms"] == pytest.approx(max(values), abs=0.006)


def test_offered_is_the_schedule_and_achieved_what_was_answered_until_the_last_answer() -> None:
    figures = summary(a_run([100.0] * 9 + [5100.0], [200] * 8 + [500, 200]))  # the last is due after 0.9 s
    assert figures["offered"] == 10.0
    assert figures["achieved"] == 9 / 6.0
    assert (figures["errors"], figures["reasons"]) == (1, {"http_500": 1})


def test_a_generator_that_is_late_says_so() -> None:
    assert not summary(a_run([40.0] * 10, [200] * 10, late_ms=4.0))["generator"]["is_behind"]
    assert summary(a_run([40.0] * 10, [200] * 10, late_ms=9.0))["generator"]["is_behind"]


def test_plots_of_a_run_keep_its_largest_latency() -> None:
    run = a_run([1.0] * 50 + [70.0] + [1.0] * 49, [200] * 100)
    assert max(over_time(run, 10)["max_ms"]) == 70
    assert len(over_time(run, 10)["at_s"]) == 10
    assert curve(run)["ms"][-1] == 70


@given(st.floats(1, 5000), st.floats(1, 2000))
def test_the_rate_found_holds_and_one_a_tenth_higher_does_not(capacity: float, first: float) -> None:
    found = find_rate(lambda rate: rate <= capacity, first)
    assert found is not None
    assert found <= capacity < found * 1.1 + 1e-6


def test_a_rate_that_failed_because_the_machine_was_busy_for_a_moment_does_not_end_the_search() -> None:
    tried: list[float] = []

    def meets(rate: float) -> bool:
        tried.append(rate)
        return rate <= 100 and len(tried) > 3  # three runs are disturbed

    assert find_rate(meets, 20) == pytest.approx(100, rel=0.1)
    assert tried[:4] == [20, 10, 5, 2.5]


def test_a_service_that_holds_no_rate_has_none() -> None:
    assert find_rate(lambda _: False, 20) is None


def test_a_goal_is_missed_by_errors_latency_or_a_late_generator() -> None:
    good = {"errors": 0, "p99_ms": 20.0, "generator": {"is_behind": False}}
    assert why_not(good, 60) is None
    assert why_not(good | {"p99_ms": 61.0}, 60) == "p99 61 ms"
    assert why_not(good | {"p99_ms": None, "errors": 3}, 60) == "3 errors"
    assert why_not(good | {"generator": {"is_behind": True}}, 60) == "the generator was late"


def test_ratios_leave_out_requests_that_searched_nothing() -> None:
    costs = [Costs("home", 2, 6.0, 2.0, 9.0, 3.0), Costs("home", 2, 9.0, 3.0, 6.0, 2.0), Costs("home", 0, 99, 0, 99, 0)]
    found = ratios(costs)
    assert (found["wall_ratio"], found["cpu_ratio"], found["without_search"]) == (3.0, 3.0, 1)
    assert ratios(costs[2:])["wall_ratio"] is None
