"""Bootstrap of sums over visitors, from which any ratio of them gets its interval."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

RESAMPLES = 2000
SEED = 7
_CELLS = 4_000_000  # weights held at once


def sums_per(group: NDArray[np.int64], columns: Values, groups: int) -> Values:
    """Sums of the columns float64[I, M] by group int64[I]: float64[G, M].

    Examples
    --------
    >>> sums_per(np.array([0, 1, 0]), np.array([[1.0], [2.0], [4.0]]), 2).tolist()
    [[5.0], [2.0]]
    """
    found = np.zeros((groups, columns.shape[1]))
    for column in range(columns.shape[1]):
        found[:, column] = np.bincount(group, columns[:, column], groups)
    return found


def resampled_sums(columns: Values, *, resamples: int = RESAMPLES, seed: int = SEED) -> Values:
    """Sums of M columns over as many visitors, drawn with replacement: float64[resamples, M].

    Parameters
    ----------
    columns : float64[V, M], one row per visitor.

    Notes
    -----
    All columns are drawn together, so ratios and differences of the sums have their intervals too. O(resamples V M).

    References
    ----------
    Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.

    Examples
    --------
    >>> sums = resampled_sums(np.ones((100, 2)), resamples=10)
    >>> bool((sums == 100).all())
    True
    """
    random = np.random.default_rng(seed)
    visitors = len(columns)
    size = max(1, _CELLS // max(1, visitors))
    drawn = []
    for start in range(0, resamples, size):
        rows = min(size, resamples - start)
        places = random.integers(0, visitors, (rows, visitors)) + np.arange(rows)[:, None] * visitors
        times = np.bincount(places.ravel(), minlength=rows * visitors).reshape(rows, visitors)
        drawn.append(times.astype(np.float64) @ columns)
    return np.concatenate(drawn)
