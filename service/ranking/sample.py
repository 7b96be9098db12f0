"""Draw a slate slot by slot with known probabilities (Plackett-Luce)."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from service.ranking.normalize import Scores

_IMPOSSIBLE = -1e300  # a logit that is never drawn before another, and still a number to reckon with


def plackett_luce(
    scores: Scores, n: int, temperature: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Draw `n` of C products without replacement; each slot is a softmax of score / temperature of those left.

    Parameters
    ----------
    scores : float64[C]. temperature : > 0 in units of the scores; 0 keeps the order by score with propensity 1.
    seed : same seed, same draw.

    Returns
    -------
    positions int64[N] in slot order, propensities float64[N] in (0, 1]: the probability of that product in that slot
    given the slots before it.

    References
    ----------
    Plackett 1975, The Analysis of Permutations; drawn by the Gumbel top-k trick (Kool et al. 2019, arXiv:1903.06059).

    Examples
    --------
    >>> positions, propensities = plackett_luce(np.array([2.0, 1.0, 3.0]), n=2, temperature=0, seed=1)
    >>> positions.tolist(), propensities.tolist()
    ([2, 0], [1.0, 1.0])
    """
    n = min(n, len(scores))
    if temperature == 0:
        return np.argsort(-scores, kind="stable")[:n], np.ones(n)
    order, logits = draw_order(scores, temperature, seed)
    ordered = logits[order]
    # log of the mass still to be drawn from at each slot: a running log-sum-exp from the end
    remaining = np.logaddexp.accumulate(ordered[::-1])[::-1]
    tiny = np.finfo(np.float64).tiny
    return order[:n], np.clip(np.exp(ordered - remaining), tiny, 1.0)[:n]


def draw_order(scores: Scores, temperature: float, seed: int) -> tuple[NDArray[np.int64], Scores]:
    """The whole order that chance gives, int64[C], and the logits float64[C] it went by; temperature as above."""
    if temperature == 0:
        return np.argsort(-scores, kind="stable"), np.zeros(len(scores))
    logits = _logits(scores, temperature)
    noise = np.random.default_rng(seed).gumbel(size=len(scores))
    # products too far off for any noise to matter stay in the order of their scores
    return np.lexsort((-scores, -(logits + noise))), logits


def _logits(scores: Scores, temperature: float) -> Scores:
    """Score / temperature, 0 for the best; finite however small the temperature is."""
    with np.errstate(over="ignore"):
        logits: Scores = (scores - scores.max(initial=-np.inf)) / temperature
    return np.maximum(logits, _IMPOSSIBLE)


def request_seed(*parts: str) -> int:
    """A seed that depends on the request only, so that the same request gives the same slate on any machine.

    Examples
    --------
    >>> request_seed("home", "u1") == request_seed("home", "u1") != request_seed("home", "u2")
    True
    """
    return int.from_bytes(hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).digest())
