"""Change scores after fusion by what is known of the product itself; each change is kept as one more contribution."""

import numpy as np

from service.ranking.fuse import Fused
from service.ranking.normalize import Scores


def freshness(ages_days: Scores, weight: float, half_life_days: float) -> Scores:
    """``weight * 0.5 ** (age / half_life)``: what a product gains for being new, float64[C].

    Parameters
    ----------
    ages_days : float64[C]; negative ages (made in the future) count as 0, NaN (unknown) gains nothing.

    Examples
    --------
    >>> freshness(np.array([0.0, 30.0, np.nan]), weight=0.2, half_life_days=30).tolist()
    [0.2, 0.1, 0.0]
    """
    with np.errstate(over="ignore"):  # more half-lives than there are numbers: nothing is left
        gains = weight * 0.5 ** (np.maximum(ages_days, 0.0) / half_life_days)
    return np.nan_to_num(gains, nan=0.0)


def add_contribution(fused: Fused, name: str, gains: Scores) -> Fused:
    """The list with `gains` float64[C] added to the scores under `name`, in its new order."""
    contributions = np.vstack([fused.contributions, gains])
    scores = fused.scores + gains
    order = np.lexsort((fused.ids, -scores))
    return Fused(fused.ids[order], scores[order], (*fused.signals, name), contributions[:, order])
