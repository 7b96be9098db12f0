"""What came next: directed item-item weights from the order of each user's interactions.

Row = the product to score, column = a product of the history. Where nobody went from one product to another, all
weights are 0.
"""

from dataclasses import dataclass

import numpy as np

from indexer.train.data import TrainingData
from indexer.train.matrix import Csr, csr, diagonal, power, strongest_per_row, sums


@dataclass(frozen=True, slots=True)
class Sequence:
    """How to count transitions.

    Parameters
    ----------
    window : how many steps ahead count, >= 1. discount : a step further counts so much less, in (0, 1].
    within_sessions : count only what came next in the same session.
    from_exponent, to_exponent : a weight is divided by the total of the product it comes from, and of the one it leads
        to, to these powers: 1 and 0 are transition probabilities, 0.5 and 0.5 a cosine.
    support_shrinkage : a total is taken so much larger, so that one single transition does not become certainty.
    backward : transitions against the order count so much, in [0, 1].
    neighbours : weights kept per product.
    """

    window: int = 10
    discount: float = 0.85
    within_sessions: bool = False
    from_exponent: float = 0.4
    to_exponent: float = 0.3
    support_shrinkage: float = 0.0
    backward: float = 0.3
    neighbours: int = 100


def sequence(data: TrainingData, params: Sequence) -> Csr:
    """Item-item weights, csr[P, P]: row = product to score, column = product of the history, diagonal 0.

    Notes
    -----
    ``weight[j, i] = sum of w_j * discount ** (d - 1) / (from_i ** a * to_j ** b)`` over all pairs of a user in which j
    came d <= `window` steps after i. Dislikes and repeats of the same product in a row are passed over. Time and memory
    are O(N window).

    Examples
    --------
    >>> from indexer.train.data import training_data
    >>> data = training_data(np.zeros(3, int), np.array([0, 1, 2]), np.ones(3, np.float32), np.arange(3.0),
    ...                      np.zeros(3, np.int64), n_users=1, n_items=3)
    >>> counted = sequence(data, Sequence(window=2, discount=0.5, from_exponent=0, to_exponent=0, backward=0))
    >>> counted.toarray().tolist()
    [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.5, 1.0, 0.0]]
    """
    steps = _without_repeats(data.take(data.weights > 0))
    counts = csr(*_empty(), (data.n_items, data.n_items))
    for distance in range(1, params.window + 1):
        counts = counts + _transitions(steps, distance, params)
    if params.backward:
        counts = (counts + params.backward * counts.T).tocsr()
    sources = power(sums(counts, 0) + params.support_shrinkage, params.from_exponent)
    targets = power(sums(counts, 1) + params.support_shrinkage, params.to_exponent)
    weights = (diagonal(1 / targets) @ counts @ diagonal(1 / sources)).tocsr()
    weights.sort_indices()
    return strongest_per_row(weights, params.neighbours)


def _without_repeats(data: TrainingData) -> TrainingData:
    """A view, a click and a purchase of one product are one step."""
    if len(data) == 0:
        return data
    same = (np.diff(data.items) == 0) & (np.diff(data.users) == 0) & (np.diff(data.sessions) == 0)
    return data.take(np.concatenate([[True], ~same]))


def _transitions(data: TrainingData, distance: int, params: Sequence) -> Csr:
    """Discounted counts of what came exactly `distance` steps later."""
    here, there = slice(None, -distance), slice(distance, None)
    counted = (data.users[here] == data.users[there]) & (data.items[here] != data.items[there])
    if params.within_sessions:
        counted &= data.sessions[here] == data.sessions[there]
    values = data.weights[there][counted] * params.discount ** (distance - 1)
    return csr(data.items[there][counted], data.items[here][counted], values, (data.n_items, data.n_items))


def _empty() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32)
