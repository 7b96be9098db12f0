"""What is bought and looked at now: time-decayed counts, overall and per category."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.train.data import TrainingData

_HOUR_S = 3600.0

Scores = NDArray[np.float64]


def trending(data: TrainingData, now: float, *, decay: float = 0.95, step_hours: float = 1.0) -> Scores:
    """``sum of weight * decay ** steps since`` of each product, float64[P], >= 0.

    Parameters
    ----------
    data : weights without age decay, which is done here. now : epoch seconds; what lies after it counts as of now.
    decay : what is left of an interaction's weight after one step, in (0, 1].

    Notes
    -----
    Dislikes subtract; a product never falls below 0. The sum of all equals the published step-by-step rule
    ``score = decay * score + new`` when steps are whole.

    Examples
    --------
    >>> from indexer.train.data import training_data
    >>> data = training_data(np.zeros(3, int), np.array([0, 0, 1]), np.ones(3, np.float32),
    ...                      np.array([0.0, 7200.0, 3600.0]), np.zeros(3, np.int64), n_users=1, n_items=3)
    >>> trending(data, now=7200.0, decay=0.5).tolist()
    [1.25, 0.5, 0.0]
    """
    steps = np.maximum(now - data.at, 0.0) / (_HOUR_S * step_hours)
    scores = np.bincount(data.items, data.weights * decay**steps, minlength=data.n_items)
    return np.maximum(scores, 0.0)


def top(scores: Scores, n: int) -> NDArray[np.int64]:
    """The `n` products of the highest score above 0, best first; equal ones by index."""
    order = np.argsort(-scores, kind="stable")[:n]
    return order[scores[order] > 0]


def top_by_category(scores: Scores, categories: Sequence[Sequence[str]], n: int) -> dict[str, NDArray[np.int64]]:
    """The top `n` of each category.

    Parameters
    ----------
    categories : per product the categories it counts in, for instance its path and all paths above it.

    Examples
    --------
    >>> found = top_by_category(np.array([1.0, 3.0, 2.0]), [["Home"], ["Home", "Home/Mugs"], ["Home"]], 2)
    >>> {name: products.tolist() for name, products in found.items()}
    {'Home': [1, 2], 'Home/Mugs': [1]}
    """
    members: dict[str, list[int]] = {}
    for product in np.flatnonzero(scores > 0).tolist():
        for category in categories[product]:
            members.setdefault(category, []).append(product)
    return {name: _best(scores, np.array(products), n) for name, products in sorted(members.items())}


def _best(scores: Scores, products: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    return products[top(scores[products], n)]
