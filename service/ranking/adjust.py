"""Change scores after fusion by what is known of the product itself; each change is kept as one more contribution."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from service.core.types import Floats
from service.ranking.fuse import Fused
from service.ranking.normalize import Scores

_ALIKE = 0.5  # cosine of descriptions that are about the same kind of thing; judgement from all-MiniLM-L6-v2


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


def resemblance(vectors: Floats, disliked: Floats, weight: float) -> Scores:
    """What products lose, float64[C] <= 0, for resembling something the user does not want.

    ``-weight x max over disliked of max(0, (cos - .5) / .5)``: nothing below a cosine of .5, all of it for a twin.

    Parameters
    ----------
    vectors : float32[C, D] of length 1, or 0. disliked : float32[H, D] likewise.

    Examples
    --------
    >>> mugs, lamp = np.array([[1, 0], [0, 1]], np.float32), np.array([[1, 0]], np.float32)
    >>> resemblance(mugs, lamp, weight=0.3).tolist()
    [-0.3, -0.0]
    """
    if not len(disliked) or not len(vectors):
        return np.zeros(len(vectors))
    nearest = (vectors @ disliked.T).max(axis=1).astype(np.float64)
    return np.asarray(-weight * np.clip((nearest - _ALIKE) / (1 - _ALIKE), 0.0, 1.0), np.float64)


def weariness(times: Scores, weight: float) -> Scores:
    """What products lose, float64[C] <= 0, for having been shown lately without being looked at.

    ``-weight x (1 - 0.5 ** times)``: half of it after the first time, never more than all.

    Parameters
    ----------
    times : float64[C], how often; the older the less, so they need not be whole.

    Examples
    --------
    >>> weariness(np.array([0.0, 1.0, 2.0]), weight=0.4).tolist()
    [-0.0, -0.2, -0.30000000000000004]
    """
    return np.asarray(-weight * (1 - 0.5**times), np.float64)


def preferences_met(payload: Mapping[str, Any], preferences: Mapping[str, Any]) -> int:
    """How many of a user's preferences (a category, a brand, the price range, each attribute) a product meets.

    Examples
    --------
    >>> mug = {"category": ["Home", "Home > Mugs"], "brand": "Alba", "price": 12.0}
    >>> preferences_met(mug, {"categories": ["Home"], "brands": ["Quill"], "min_price": 5, "max_price": 20})
    2
    >>> preferences_met(mug | {"attributes": {"colour": "Red"}}, {"attributes": {"colour": ["Red", "Blue"]}})
    1
    """
    price = payload["price"]
    low, high = preferences.get("min_price"), preferences.get("max_price")
    has_range = (low is not None or high is not None) and price is not None
    return (
        any(path in payload["category"] for path in preferences.get("categories", ()))
        + (payload["brand"] in preferences.get("brands", ()))
        + (has_range and (low is None or price >= low) and (high is None or price <= high))
        + sum(_has(payload, name, wanted) for name, wanted in preferences.get("attributes", {}).items())
    )


def _has(payload: Mapping[str, Any], attribute: str, wanted: Collection[str]) -> bool:
    found = payload.get("attributes", {}).get(attribute)
    return any(value in wanted for value in (found if isinstance(found, list | tuple) else [found]))


def add_contributions(fused: Fused, gains: Mapping[str, Scores]) -> Fused:
    """The list with each of `gains` float64[C] added to the scores under its name, in its new order."""
    if not gains:
        return fused
    contributions = np.vstack([fused.contributions, *gains.values()])
    scores = fused.scores + sum(gains.values())
    order = np.lexsort((fused.ids, -scores))
    return Fused(fused.ids[order], scores[order], (*fused.signals, *gains), contributions[:, order])
