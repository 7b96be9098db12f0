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
    """Sums of M columns over visitors drawn with replacement, float64[resamples, M].

    Parameters
    ----------
    columns : float64[V, M], one row per visitor.

    Notes
    -----
    Every visitor is drawn Poisson(1) times, as Chamandy, Muralidharan, Najmi & Naidu 2012 (Estimating Uncertainty for
    Massive Data Streams) do; ratios of the sums do not notice that the number of visitors varies.
    O(resamples V M).

    Examples
    --------
    >>> sums = resampled_sums(np.ones((100, 2)), resamples=10)
    >>> bool((sums[:, 0] / sums[:, 1] == 1).all())
    True
    """
    random = np.random.default_rng(seed)
    size = max(1, _CELLS // max(1, len(columns)))
    drawn = [
        random.poisson(1.0, (min(size, resamples - start), len(columns))) @ columns
        for start in range(0, resamples, size)
    ]
    return np.concatenate(drawn)
