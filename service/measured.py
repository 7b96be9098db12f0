"""How long things took in this process, read back from its histograms: counts, means and quantiles."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

Sample = tuple[str, dict[str, str], float]


@dataclass(frozen=True, slots=True)
class Measured:
    """One thing that was measured. Times are milliseconds; quantiles are as exact as the histogram's buckets."""

    labels: dict[str, str]
    count: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


def measured(samples: Iterable[Sample], name: str) -> list[Measured]:
    """What a histogram of seconds measured, most often first; what never happened is left out.

    Examples
    --------
    >>> samples = [("x_bucket", {"a": "b", "le": "0.1"}, 8.0), ("x_bucket", {"a": "b", "le": "+Inf"}, 10.0),
    ...            ("x_sum", {"a": "b"}, 2.0), ("x_count", {"a": "b"}, 10.0)]
    >>> [found] = measured(samples, "x")
    >>> found.labels, found.count, found.mean_ms, found.p50_ms
    ({'a': 'b'}, 10, 200.0, 62.5)
    """
    buckets: defaultdict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = defaultdict(list)
    sums: dict[tuple[tuple[str, str], ...], float] = {}
    for sample, labels, value in samples:
        key = tuple((label, text) for label, text in labels.items() if label != "le")
        if sample == f"{name}_bucket":
            buckets[key].append((float(labels["le"]), value))
        elif sample == f"{name}_sum":
            sums[key] = value
    found = []
    for key, steps in buckets.items():
        count = int(steps[-1][1])
        if count:
            p50, p95, p99 = (quantile(steps, share) * 1000 for share in (0.5, 0.95, 0.99))
            found.append(Measured(dict(key), count, sums[key] / count * 1000, p50, p95, p99))
    return sorted(found, key=lambda one: (-one.count, list(one.labels.values())))


def quantile(steps: Sequence[tuple[float, float]], share: float) -> float:
    """A quantile of cumulative buckets (upper edge, count up to it), evenly spread within each of them.

    Examples
    --------
    >>> quantile([(1.0, 10.0), (2.0, 20.0), (float("inf"), 20.0)], 0.75)
    1.5
    """
    wanted, low, before = share * steps[-1][1], 0.0, 0.0
    for edge, count in steps:
        if count >= wanted and count > before:
            return low if edge == inf else low + (edge - low) * (wanted - before) / (count - before)
        low, before = edge, count
    return low
