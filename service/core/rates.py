"""How sure a rate is: the share of lists that led to something, where one visitor sees several of them."""

from dataclasses import dataclass
from math import sqrt

_Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over visitors, which a database can add up: n of each visitor's lists, x of which were hits.

    Attributes
    ----------
    visitors : number of them. n, x : sums. nn, xn, xx : sums of products.
    """

    visitors: int
    n: int
    x: int
    nn: int
    xn: int
    xx: int

    def __add__(self, other: "Moments") -> "Moments":
        """Those of different visitors together."""
        return Moments(*(getattr(self, name) + getattr(other, name) for name in Moments.__slots__))


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % interval, all within 0 to 1."""

    value: float
    low: float
    high: float


def rate(moments: Moments) -> Rate | None:
    """x / n with an interval that takes one visitor's lists for what they are: not independent. None where n is 0.

    Notes
    -----
    The delta method over visitors; Wilson's interval over them where none, or every list, was a hit, or one came.

    References
    ----------
    Deng, Knoblich & Lu 2018, Applying the Delta Method in Metric Analytics, doi:10.1145/3219819.3219919.

    Examples
    --------
    >>> found = rate(Moments(visitors=100, n=200, x=100, nn=400, xn=200, xx=150))
    >>> found.value, round(found.low, 3), round(found.high, 3)
    (0.5, 0.43, 0.57)
    """
    if not moments.n:
        return None
    m, value = moments.visitors, moments.x / moments.n
    spread = moments.xx - 2 * value * moments.xn + value * value * moments.nn
    if m < 2 or moments.x in (0, moments.n) or spread <= 0:
        return wilson(value * m, m)
    half = _Z_95 * sqrt(spread * m / (m - 1)) / moments.n
    return Rate(value, max(0.0, value - half), min(1.0, value + half))


def wilson(hits: float, trials: int) -> Rate | None:
    """The share of hits in independent trials, with Wilson's interval; None without trials.

    References
    ----------
    Wilson 1927, Probable Inference, the Law of Succession, and Statistical Inference.

    Examples
    --------
    >>> found = wilson(0, 10)
    >>> found.value, found.low, round(found.high, 3)
    (0.0, 0.0, 0.278)
    """
    if not trials:
        return None
    value, z2 = hits / trials, _Z_95 * _Z_95
    middle = (value + z2 / (2 * trials)) / (1 + z2 / trials)
    half = _Z_95 / (1 + z2 / trials) * sqrt(value * (1 - value) / trials + z2 / (4 * trials * trials))
    return Rate(value, max(0.0, middle - half), min(1.0, middle + half))
