"""The highest rate that holds a latency goal."""

import math
from collections.abc import Callable, Mapping
from typing import Any

_LOWEST = 0.5
_HIGHEST = 20_000.0
_ROUNDS = 4


def find_rate(meets: Callable[[float], bool], first: float, resolution: float = 0.1) -> float | None:
    """The highest rate known to be met; the next rate known to fail is at most `resolution` higher.

    Doubles (or halves) from `first` until one fails (or holds), then halves the span between the two on a log scale.
    In the end the rate that failed is tried again: if it holds now, something else had kept the machine busy, and the
    search goes on above it.

    Returns
    -------
    float or None : requests per second; None if not even one request in two seconds is answered as wished.

    Examples
    --------
    >>> round(find_rate(lambda rate: rate <= 130, 20), 1)
    123.4
    """
    low: float | None = None
    for _ in range(_ROUNDS):
        low, high = _span(meets, max(first, _LOWEST) if low is None else 2 * low, low)
        if low is None or high is None:
            return low
        while high / low > 1 + resolution:
            rate = math.sqrt(low * high)
            low, high = (rate, high) if meets(rate) else (low, rate)
        if not meets(high):
            return low
        low = high
    return low


def _span(meets: Callable[[float], bool], rate: float, low: float | None) -> tuple[float | None, float | None]:
    """A rate that is met and one that is not, a factor of 2 apart; None where there is none worth trying."""
    high: float | None = None
    while low is None or high is None:
        if not _LOWEST <= rate <= _HIGHEST:
            break
        if meets(rate):
            low, rate = rate, rate * 2
        else:
            high, rate = rate, rate / 2
    return low, high


def why_not(figures: Mapping[str, Any], goal_ms: float) -> str | None:
    """Why a run does not hold a goal for its 99th percentile; None if it does."""
    if figures["errors"]:
        return f"{figures['errors']} errors"
    if figures["p99_ms"] > goal_ms:
        return f"p99 {figures['p99_ms']:.0f} ms"
    return "the generator was late" if figures["generator"]["is_behind"] else None
