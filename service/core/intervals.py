"""How sure a mean over users is, and whether two rows of the same users differ: bootstrap, permutation, verdict."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.core.errors import InvalidQuery

Values = NDArray[np.float64]

RESAMPLES = 2000
MARGIN = 0.02
"""Differences within 2 % of the first one's mean matter to nobody. Judgement."""
SEED = 7

_CELLS = 4_000_000  # weights held at once
_Z_95, _Z_POWER_80 = 1.959964, 0.841621  # quantiles of the normal distribution at .975 and .80


class Verdict(StrEnum):
    """What may be said of B beside A."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "no difference"
    UNDERPOWERED = "underpowered"


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % interval; the interval is NaN with fewer than two users."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """B minus A on the same users.

    Attributes
    ----------
    a, b : means. mean, low, high : of the difference, with its 95 % interval.
    relative : ``mean / a``; NaN where a is 0.
    p : two-sided, of the permutation test. detectable : smallest difference that 80 % of such experiments would find.
    """

    users: int
    a: float
    b: float
    mean: float
    low: float
    high: float
    relative: float
    p: float
    detectable: float
    verdict: Verdict


def bootstrap(values: Values, *, resamples: int = RESAMPLES, seed: int = SEED) -> list[Interval]:
    """95 % percentile intervals of the means of M columns, by drawing users with replacement.

    Parameters
    ----------
    values : float64[U, M], one row per user; all columns are drawn together, so their order does not matter.

    Raises
    ------
    InvalidQuery : no users, or a value that is not a number.

    Notes
    -----
    O(resamples U M): how often each user is drawn is a matrix of weights, and the means are its product with `values`.

    References
    ----------
    Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.

    Examples
    --------
    >>> [interval] = bootstrap(np.array([[0.0], [1.0]] * 50))
    >>> interval.mean, round(interval.low, 1), round(interval.high, 1)
    (0.5, 0.4, 0.6)
    """
    _check(values)
    means = values.mean(0)
    if len(values) < 2:
        return [Interval(float(mean), float("nan"), float("nan")) for mean in means]
    drawn = np.concatenate([weights @ values for weights in _draws(len(values), resamples, seed)])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return [Interval(*map(float, parts)) for parts in zip(means, low, high, strict=True)]


def permutation_p(differences: Values, *, resamples: int = RESAMPLES, seed: int = SEED) -> float:
    """Two-sided p of a paired permutation test: how often do random signs give a sum as far from 0?

    ``(1 + #{|sum s d| >= |sum d|}) / (1 + resamples)`` over random signs s; users without a difference decide nothing.

    Parameters
    ----------
    differences : float64[U].

    References
    ----------
    Smucker, Allan & Carterette 2007, A Comparison of Statistical Significance Tests, doi:10.1145/1321440.1321528;
    the ones: Phipson & Smyth 2010, doi:10.2202/1544-6115.1585.

    Examples
    --------
    >>> permutation_p(np.ones(20)) < 0.001, permutation_p(np.array([1.0, -1.0] * 20))
    (True, 1.0)
    """
    _check(differences[:, None])
    moved = differences[differences != 0]
    if not len(moved):
        return 1.0
    far = abs(float(moved.sum())) * (1 - 1e-12)  # sums in another order differ in the last digit
    random, reached = np.random.default_rng(seed), 0
    for rows in _rows(len(moved), resamples):
        signs = random.integers(0, 2, (rows, len(moved)), dtype=np.int8) * 2 - 1
        reached += int((np.abs(signs @ moved) >= far).sum())
    return (1 + reached) / (1 + resamples)


def compare(a: Values, b: Values, *, margin: float = MARGIN, seed: int = SEED) -> Difference:
    """What may be said of B beside A, from the same users' values.

    Parameters
    ----------
    a, b : float64[U], in the same order of users. margin : relative difference that does not matter, > 0.

    Raises
    ------
    InvalidQuery : no users, different numbers of users, or a value that is not a number.

    Notes
    -----
    See `verdict` for the rule.

    Examples
    --------
    >>> found = compare(np.full(50, 0.2), np.full(50, 0.3))
    >>> str(found.verdict), round(found.relative, 2)
    ('better', 0.5)
    """
    if len(a) != len(b):
        raise InvalidQuery(f"only the same users can be compared, got {len(a)} and {len(b)}", code="different_users")
    differences = b - a
    [interval] = bootstrap(differences[:, None], seed=seed)
    p, mean_a = permutation_p(differences, seed=seed), float(a.mean())
    return Difference(
        len(a),
        mean_a,
        float(b.mean()),
        interval.mean,
        interval.low,
        interval.high,
        interval.mean / mean_a if mean_a else float("nan"),
        p,
        detectable(differences),
        verdict(interval, p, margin * abs(mean_a)),
    )


def verdict(difference: Interval, p: float, margin: float) -> Verdict:
    """The rule.

    * better, worse: the whole interval lies on one side of 0, and the permutation test agrees (p <= .05)
    * no difference: not so, and the whole interval lies within ± `margin`
    * underpowered: neither; more users are needed to say anything

    Examples
    --------
    >>> str(verdict(Interval(0.01, -0.02, 0.04), p=0.5, margin=0.005))
    'underpowered'
    >>> str(verdict(Interval(0.0001, -0.002, 0.002), p=0.9, margin=0.005))
    'no difference'
    """
    if p <= 0.05 and difference.low > 0:
        return Verdict.BETTER
    if p <= 0.05 and difference.high < 0:
        return Verdict.WORSE
    is_within = -margin <= difference.low and difference.high <= margin  # false for NaN
    return Verdict.SAME if is_within else Verdict.UNDERPOWERED


def as_dict(difference: Difference) -> dict[str, Any]:
    """For JSON: rounded, and None for what is not a number."""
    told = {name: getattr(difference, name) for name in Difference.__slots__}
    return {
        name: (None if isnan(value) else round(value, 5)) if isinstance(value, float) else value
        for name, value in told.items()
    }


def detectable(differences: Values) -> float:
    """The smallest true difference that a test at 5 % finds in 80 % of samples of so many users.

    ``(z_.975 + z_.80) sd / sqrt(U)``; NaN with fewer than two users.

    References
    ----------
    Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 2.

    Examples
    --------
    >>> round(detectable(np.array([1.0, -1.0] * 50)), 3)
    0.282
    """
    if len(differences) < 2:
        return float("nan")
    return (_Z_95 + _Z_POWER_80) * float(differences.std(ddof=1)) / float(len(differences) ** 0.5)


def _draws(users: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Blocks of weights float64[B, U]: how often each user is drawn, over U."""
    random = np.random.default_rng(seed)
    for rows in _rows(users, resamples):
        drawn = random.integers(0, users, (rows, users)) + np.arange(rows)[:, None] * users
        yield np.bincount(drawn.ravel(), minlength=rows * users).reshape(rows, users) / users


def _rows(users: int, resamples: int) -> Iterator[int]:
    size = max(1, _CELLS // users)
    for start in range(0, resamples, size):
        yield min(size, resamples - start)


def _check(values: Values) -> None:
    if not len(values):
        raise InvalidQuery("there are no users to average over; ask at least one", code="no_users")
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise InvalidQuery(f"{bad} of {values.size} values are NaN or infinite; no mean can be had", code="not_numbers")
