"""Whom chance may give a slot although others score higher: categories left out, and the unexpected."""

import numpy as np
from numpy.typing import NDArray

from service.ranking.normalize import Scores, minmax


def balance(scores: Scores, groups: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """Odds float64[C]: groups whose share of the relevance is larger than their share of the first n slots.

    Within a group the odds go by relevance. A group that has its share, or a product without one (-1), has none.

    Parameters
    ----------
    scores : float64[C], of the list in its order. groups : int64[C].

    Examples
    --------
    >>> balance(np.array([4.0, 3.0, 2.0, 1.0]), np.array([0, 0, 1, 1]), n=2).round(2).tolist()
    [0.0, 0.0, 0.17, 0.0]
    """
    relevance = minmax(scores)
    is_grouped = groups >= 0
    total = relevance[is_grouped].sum()
    odds = np.zeros(len(scores))
    if not total or not n:
        return odds
    size = int(groups.max()) + 1
    mass = np.bincount(groups[is_grouped], relevance[is_grouped], minlength=size)
    first = groups[:n]
    have = np.bincount(first[first >= 0], minlength=size) / max(1, len(first))
    lack = np.maximum(mass / total - have, 0.0)
    share = np.divide(relevance, mass[groups], out=np.zeros(len(scores)), where=is_grouped & (mass[groups] > 0))
    odds[is_grouped] = (lack[groups] * share)[is_grouped]
    return odds


def serendipity(scores: Scores, likeness: NDArray[np.floating], n: int) -> NDArray[np.float64]:
    """Odds float64[C]: relevant, but unlike what the user knows; none for the first n, who have their slots anyway.

    ``relevance x (1 - likeness)``: unexpected and useful (Ge, Delgado-Battenfeld & Jannach 2010,
    doi:10.1145/1864708.1864761).

    Parameters
    ----------
    likeness : [C], cosine of each product with the user's profile, -1 to 1.

    Examples
    --------
    >>> serendipity(np.array([3.0, 2.0, 2.0, 1.0]), np.array([0.9, 0.9, 0.1, 0.5]), n=1).round(2).tolist()
    [0.0, 0.05, 0.45, 0.0]
    """
    odds = minmax(scores) * (1 - np.clip(likeness, 0.0, 1.0))
    odds[:n] = 0.0
    return np.asarray(odds, np.float64)
