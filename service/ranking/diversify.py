"""Variety: choose the next product for what it adds to those already chosen."""

import numpy as np
from numpy.typing import NDArray

from service.core.types import Floats
from service.ranking.normalize import Scores, minmax


def mmr(scores: Scores, vectors: Floats, n: int, lam: float) -> NDArray[np.int64]:
    """Maximal marginal relevance: positions of the chosen products, int64[min(n, C)], in the order chosen.

    Each step takes ``argmax lam * relevance(p) - (1 - lam) * max over chosen q of cos(p, q)``.

    Parameters
    ----------
    scores : float64[C], any scale; scaled to [0, 1] here, so that `lam` means the same on every surface.
    vectors : float32[C, D] of length 1, or 0 for a product without a vector, which resembles nothing.
    lam : 1 keeps the order of relevance, 0 looks at variety only (after the most relevant one).

    Notes
    -----
    O(n C D): one matrix-vector product a step.

    References
    ----------
    Carbonell & Goldstein 1998, The Use of MMR, Diversity-Based Reranking, SIGIR, doi:10.1145/290941.291025.

    Examples
    --------
    >>> vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)  # the second is a twin of the first
    >>> mmr(np.array([1.0, 0.9, 0.5]), vectors, n=2, lam=0.5).tolist()
    [0, 2]
    """
    count = len(scores)
    relevance = minmax(scores)
    nearest = np.zeros(count)
    open_ = np.ones(count, dtype=bool)
    chosen = np.empty(min(n, count), dtype=np.int64)
    for slot in range(len(chosen)):
        # before anything is chosen there is nothing to differ from
        gain = lam * relevance - (1 - lam) * nearest if slot else relevance
        best = int(np.argmax(np.where(open_, gain, -np.inf)))
        chosen[slot] = best
        open_[best] = False
        similarity = vectors @ vectors[best]
        # the first choice sets the similarities; a maximum with 0 would hide negative ones
        nearest = similarity.astype(np.float64) if slot == 0 else np.maximum(nearest, similarity)
    return chosen
