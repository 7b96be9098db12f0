"""Ratio metrics when visitors are what was randomised: the delta method."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.core.intervals import Interval

Values = NDArray[np.float64]

_Z_95 = 1.959964  # quantile of the normal distribution at .975


@dataclass(frozen=True, slots=True)
class Ratio:
    """Sum over sum of V visitors, and its standard error; NaN with fewer than two or nothing to divide by."""

    value: float
    error: float
    visitors: int

    def interval(self) -> Interval:
        """95 %, for one look."""
        return Interval(self.value, self.value - _Z_95 * self.error, self.value + _Z_95 * self.error)


def ratio(above: Values, below: Values) -> Ratio:
    """``sum(above) / sum(below)`` over visitors, who are independent while their slots and clicks are not.

    ``error² = var(above - R below) / (V mean(below)²)``

    Parameters
    ----------
    above, below : float64[V], per visitor: clicks and slots; or money and ones, whose ratio is a mean.

    References
    ----------
    Deng, Knoblich & Lu 2018, Applying the Delta Method in Metric Analytics, KDD, arXiv:1803.06336, section 3.1.

    Examples
    --------
    >>> found = ratio(np.array([1.0, 2.0, 3.0]), np.array([10.0, 10.0, 10.0]))
    >>> found.value, round(found.error, 4)  # the mean of .1, .2, .3 and its standard error: .1 / sqrt(3)
    (0.2, 0.0577)
    """
    count, total = len(above), float(below.sum())
    if count < 2 or not total:
        return Ratio(float(above.sum() / total) if total else float("nan"), float("nan"), count)
    value = float(above.sum() / total)
    spread = float((above - value * below).var(ddof=1))
    return Ratio(value, (spread / count) ** 0.5 / (total / count), count)
