"""What a run's record says: latencies from when requests were due, rates, and why requests failed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.load.generator import REASONS, TIMED_OUT, Plan, Record

_LATE_MS = 5.0
_LATE_SHARE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A run, request by request.

    Attributes
    ----------
    surfaces : str[R]. due_s, ms, late_ms : float64[R]: when each was due, how long after that it was answered, and how
    late the generator turned to it. status : int[R]: of HTTP, or one of `generator.REASONS`.
    waited : requests that found all connections in use. generator_cpu : cores the generator used, 0 to 1.
    """

    rate: float
    surfaces: NDArray[np.str_]
    due_s: NDArray[np.float64]
    ms: NDArray[np.float64]
    late_ms: NDArray[np.float64]
    status: NDArray[np.int64]
    waited: int
    generator_cpu: float

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Requests with a latency: the answered, and those that were given up waiting for, with what they waited."""
        given_up: NDArray[np.bool_] = self.status == TIMED_OUT
        return is_good(self.status) | given_up


def measured(plan: Plan, record: Record, surfaces: Sequence[str]) -> Measured:
    """A record as arrays."""
    due = np.arange(len(plan.requests)) / plan.rate
    ended, taken = np.array(record.ended), np.array(record.taken)
    took = max(float(ended.max()), len(due) / plan.rate)
    return Measured(
        plan.rate, np.array(surfaces), due, (ended - due) * 1000, (taken - due) * 1000,
        np.array(record.status, np.int64), record.waited, record.cpu_s / took,
    )  # fmt: skip


def is_good(status: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether these are answers as they should be."""
    return (status >= 200) & (status < 300)


def summary(run: Measured) -> dict[str, Any]:
    """The figures of a run, and the same for each surface in ``by_surface``."""
    everything = np.ones(len(run.ms), bool)
    parts = {str(name): _figures(run, run.surfaces == name) for name in np.unique(run.surfaces)}
    return _figures(run, everything) | {"by_surface": parts} | _generator(run)


def reasons(run: Measured) -> dict[str, int]:
    """Why requests failed -> how many."""
    failed = run.status[~is_good(run.status)].tolist()
    return dict(Counter(REASONS.get(status, f"http_{status}") for status in failed))


def _figures(run: Measured, chosen: NDArray[np.bool_]) -> dict[str, Any]:
    good = is_good(run.status) & chosen
    offered_s = len(run.ms) / run.rate
    # answers that come after the schedule's end are no throughput of the schedule's time
    took_s = max(offered_s, float((run.due_s + run.ms / 1000)[good].max())) if good.any() else offered_s
    ms = run.ms[chosen & run.counted]
    names = ("p50_ms", "p95_ms", "p99_ms", "max_ms")
    values = np.percentile(ms, (50, 95, 99, 100)).tolist() if len(ms) else [None] * 4
    return {
        "requests": int(chosen.sum()),
        "offered": round(int(chosen.sum()) / offered_s, 2),
        "achieved": round(int(good.sum()) / took_s, 2),
        **{name: None if value is None else round(value, 2) for name, value in zip(names, values, strict=True)},
        "errors": int(chosen.sum() - good.sum()),
    }


def _generator(run: Measured) -> dict[str, Any]:
    late, ms = float(np.percentile(run.late_ms, 99)), run.ms[run.counted]
    p99 = float(np.percentile(ms, 99)) if len(ms) else 0.0
    return {
        "reasons": reasons(run),
        "generator": {
            "late_p99_ms": round(late, 2),
            "late_max_ms": round(float(run.late_ms.max()), 2),
            "is_behind": late > max(_LATE_MS, _LATE_SHARE * p99),
            "waited_for_connection": run.waited,
            "cpu": round(run.generator_cpu, 2),
        },
    }


def over_time(run: Measured, steps: int = 60) -> dict[str, list[float]]:
    """Percentiles of the requests due in each of some equal spans of time."""
    place = np.minimum((run.due_s / run.due_s.max() * steps).astype(int), steps - 1) if run.due_s.max() else 0
    rows: dict[str, list[float]] = {"at_s": [], "p50_ms": [], "p99_ms": [], "max_ms": []}
    for step in range(steps):
        ms = run.ms[run.counted & (place == step)]
        if len(ms):
            rows["at_s"].append(round(float(run.due_s.max()) * (step + 0.5) / steps, 2))
            for name, q in (("p50_ms", 50), ("p99_ms", 99), ("max_ms", 100)):
                rows[name].append(round(float(np.percentile(ms, q)), 2))
    return rows


def curve(run: Measured) -> dict[str, list[float]]:
    """Latency by percentile."""
    at = [0.0, 5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96, 97, 98, 99, 99.5, 99.9, 100]
    ms = run.ms[run.counted]
    return {"percentile": at, "ms": [round(v, 2) for v in np.percentile(ms, at).tolist()] if len(ms) else []}
