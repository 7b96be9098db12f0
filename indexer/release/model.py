"""What a release knows about products, as arrays: enough to score all of them for a history."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from indexer.train.matrix import Csr, diagonal, power, sums
from service.core.types import Floats, Ids

SLOTS = ("covisit", "sequence", "association")
"""The sparse vector slots of a release."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """K products and what was learned about them.

    Attributes
    ----------
    products : int64[K], internal keys, ascending. items : float32[K, D]. fold : float32[D, D]. biased : the last
        dimension is a bias.
    weights : slot -> csr[K, K], row = product to score, column = product of the history.
    """

    products: Ids
    items: Floats
    fold: Floats
    biased: bool
    weights: Mapping[str, Csr]


def signal_scores(model: Model, history: Csr) -> dict[str, Floats]:
    """What each signal says about all products, signal -> float32[T, K]; the larger the better.

    Parameters
    ----------
    history : csr[T, K], weights of the products each of T users met.
    """
    total = np.abs(history).sum(axis=1)
    means = diagonal(1 / power(np.asarray(total, np.float64).ravel(), 1.0)) @ history @ model.items
    users = np.asarray(means @ model.fold, np.float32)
    if model.biased:
        users[:, -1] = 1.0
    return {"cf": users @ model.items.T} | {
        slot: np.asarray((history @ model.weights[slot].T).toarray(), np.float32) for slot in SLOTS
    }


def popularity(weights: Csr) -> np.ndarray:
    """How much each column weighs in all, float64[K]."""
    return sums(weights, 0)
