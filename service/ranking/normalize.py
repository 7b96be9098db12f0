"""Make the scores of one list comparable with those of others: 0 for its worst hit, larger is better.

A product missing from a list counts 0 there, as much as the list's worst hit: it is not punished twice. A list whose
scores are all equal (so also a list of one) counts 1.0 for each of its hits, because a signal's only answer is
its best answer.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr  # type: ignore[import-untyped,unused-ignore]

Scores = NDArray[np.float64]


def minmax(scores: Scores) -> Scores:
    """``(s - min) / (max - min)``, float64[C] in [0, 1].

    Examples
    --------
    >>> minmax(np.array([9.0, 5.0, 1.0])).tolist()
    [1.0, 0.5, 0.0]
    >>> minmax(np.array([3.0])).tolist()
    [1.0]
    """
    # halves, because the spread of two huge scores need not be a number; a spread too small to halve is no spread
    halves = np.asarray(scores, dtype=np.float64) / 2
    low, high = (halves.min(), halves.max()) if len(halves) else (0.0, 0.0)
    return (halves - low) / (high - low) if high > low else np.ones_like(halves)


def zscore(scores: Scores) -> Scores:
    """``(s - min) / std``: standard scores moved so that the worst hit is 0, float64[C] >= 0.

    Examples
    --------
    >>> zscore(np.array([3.0, 2.0, 1.0])).round(3).tolist()
    [2.449, 1.225, 0.0]
    """
    # of the scaled scores, whose deviation neither overflows nor is, for equal scores, what rounding left of it
    scaled = minmax(scores)
    return scaled / scaled.std() if scaled.min(initial=1.0) == 0 else scaled


def gaussian(scores: Scores) -> Scores:
    """Share of a normal distribution with the mean and deviation of the list that lies below, float64[C] in [0, 1].

    A score above the others presses them down less than min-max does: distribution-based score fusion (Mazzeschi 2023)
    with a smooth end instead of a cut at three deviations.

    Examples
    --------
    >>> gaussian(np.array([3.0, 2.0, 1.0])).round(3).tolist()
    [1.0, 0.5, 0.0]
    >>> one_above = np.array([10.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    >>> float(gaussian(one_above)[1].round(2)), float(minmax(one_above)[1].round(2))
    (0.57, 0.44)
    """
    scaled = minmax(scores)
    if scaled.min(initial=1.0) > 0:
        return scaled
    return minmax(ndtr((scaled - scaled.mean()) / scaled.std()))


def rank(scores: Scores) -> Scores:
    """``1 - (r - 1) / C`` with r = 1 for the best hit, equal scores share their best rank; float64[C] in (0, 1].

    Examples
    --------
    >>> rank(np.array([0.9, 0.7, 0.7, 0.1])).tolist()
    [1.0, 0.75, 0.75, 0.25]
    """
    return 1 - (competition_ranks(scores) - 1) / max(len(scores), 1)


def competition_ranks(scores: Scores) -> NDArray[np.int64]:
    """1 for the best; equal scores share the better rank and leave a gap ("1224").

    Examples
    --------
    >>> competition_ranks(np.array([5.0, 7.0, 5.0])).tolist()
    [2, 1, 2]
    """
    ascending = np.sort(scores)
    better = len(scores) - np.searchsorted(ascending, scores, side="right")
    return np.asarray(better + 1, dtype=np.int64)


NORMALIZERS: dict[str, Callable[[Scores], Scores]] = {
    "minmax": minmax,
    "zscore": zscore,
    "gaussian": gaussian,
    "rank": rank,
}
