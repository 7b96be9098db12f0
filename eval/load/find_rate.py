"""The highest rate that holds a latency goal."""

import math
from collections.abc import Callable, Mapping
from typing import Any

_ENOUGH = 0.98  # of what was offered must be answered in time
_LOWEST = 0.5
_HIGHEST = 20_000.0


def find_rate(meets: Callable[[float], bool], first: float, resolution: float = 0.1) -> float | None:
    """The highest rate known to be met; the next rate known to fail is at most `resolution` higher.

    Doubles (or halves) from `first` until one fails (or holds), then halves the span between the two on a log scale.

    Returns
    -------
    float or None : requests per second; None if not even one request in two seconds is answered as wished.

    Examples
    --------
    >>> round(find_rate(lambda rate: rate <= 130, 20), 1)
    123.4
    """
    low, high = 0.0, math.inf
    rate = first
    while low == 0 or math.isinf(high):
        if meets(rate):
            low = rate
            rate *= 2
            if rate > _HIGHEST:
                return low
        else:
            high = rate
            rate /= 2
            if rate < _LOWEST and low == 0:
                return None
    while high / low > 1 + resolution:
        rate = math.sqrt(low * high)
        low, high = (rate, high) if meets(rate) else (low, rate)
    return low


def why_not(figures: Mapping[str, Any], goal_ms: float) -> str | None:
    """Why a run does not hold a goal for its 99th percentile; None if it does."""
    if figures["errors"]:
        return f"{figures['errors']} errors"
    if figures["p99_ms"] > goal_ms:
        return f"p99 {figures['p99_ms']:.0f} ms"
    if figures["achieved"] < _ENOUGH * figures["offered"]:
        return f"answered {figures['achieved']:.0f} of {figures['offered']:.0f} a second"
    return "the generator was late" if figures["generator"]["is_behind"] else None
