"""Exploration: how likely each product is to be the best of all, given what was shown and clicked so far."""

import numpy as np
from numpy.typing import NDArray

from service.ranking.normalize import Scores

STRENGTH = 20.0  # views the category's click rate counts for: a new product is believed to be like its category
_DRAWS = 128
_LEAST = 1e-4  # a rate of exactly 0 or 1 is never believed


def thompson(
    shown: Scores, clicked: Scores, prior: Scores, *, floor: float, seed: int, draws: int = _DRAWS
) -> NDArray[np.float64]:
    """Odds float64[C] that add up to 1: how often each product has the highest click rate in draws from what is known.

    The rate of a product is ``Beta(STRENGTH prior + clicked, STRENGTH (1 - prior) + shown - clicked)``; little shown
    products vary widely, so they come up often until enough is known of them. The frequencies themselves are what is
    drawn from, so they are exact probabilities.

    Parameters
    ----------
    shown, clicked : float64[C], >= 0; more clicks than views count as that many views. prior : float64[C], 0-1.
    floor : share of the odds that is spread evenly, 0-1, so that nobody is ever without a chance.
    seed : same seed, same odds.

    References
    ----------
    Thompson 1933; Chapelle & Li 2011, An Empirical Evaluation of Thompson Sampling.

    Examples
    --------
    >>> odds = thompson(np.array([1000.0, 1000.0]), np.array([10.0, 90.0]), np.full(2, 0.05), floor=0.1, seed=1)
    >>> odds.round(2).tolist()
    [0.05, 0.95]
    """
    count = len(shown)
    if not count:
        return np.empty(0)
    believed = STRENGTH * np.clip(prior, _LEAST, 1 - _LEAST)
    missed = np.maximum(shown - clicked, 0.0)
    rates = np.random.default_rng(seed).beta(believed + clicked, STRENGTH - believed + missed, size=(draws, count))
    best = np.bincount(rates.argmax(axis=1), minlength=count) / draws
    return np.asarray((1 - floor) * best + floor / count, np.float64)
