"""What training sees: interactions as columns, sorted by user and time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.train.matrix import Csr, csr
from service.core.errors import InvalidQuery
from service.core.types import Floats

Index = NDArray[np.int32]
Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TrainingData:
    """N interactions of U users with P products, sorted by user, then time; made by `training_data`.

    Attributes
    ----------
    users : int32[N] in 0..U-1. items : int32[N] in 0..P-1. weights : float32[N], negative for a dislike.
    at : float64[N], epoch seconds. sessions : int64[N].
    """

    users: Index
    items: Index
    weights: Floats
    at: Times
    sessions: NDArray[np.int64]
    n_users: int
    n_items: int

    def __len__(self) -> int:
        return len(self.users)

    def take(self, chosen: NDArray[np.bool_]) -> "TrainingData":
        """The interactions that `chosen` bool[N] marks."""
        return TrainingData(
            self.users[chosen],
            self.items[chosen],
            self.weights[chosen],
            self.at[chosen],
            self.sessions[chosen],
            self.n_users,
            self.n_items,
        )


def training_data(
    users: NDArray[np.integer],
    items: NDArray[np.integer],
    weights: Floats,
    at: Times,
    sessions: NDArray[np.int64],
    *,
    n_users: int,
    n_items: int,
) -> TrainingData:
    """Check the columns and sort them by user and time; interactions of the same moment keep their order.

    Raises
    ------
    InvalidQuery : columns of different lengths, an index out of range, a weight or time that is not a number.

    Examples
    --------
    >>> one = np.array([1.0, 1.0], np.float32)
    >>> data = training_data(np.array([0, 0]), np.array([4, 2]), one, np.array([9.0, 5.0]), np.zeros(2, np.int64),
    ...                      n_users=1, n_items=5)
    >>> data.items.tolist()
    [2, 4]
    """
    lengths = [len(column) for column in (users, items, weights, at, sessions)]
    if len(set(lengths)) > 1:
        raise InvalidQuery(f"Columns of training data must be of equal length, but users, items, … have {lengths}.")
    _check_range("users", users, n_users)
    _check_range("items", items, n_items)
    if not (np.isfinite(weights).all() and np.isfinite(at).all()):
        raise InvalidQuery("A weight or a time of the training data is not a finite number.")
    order = np.lexsort((at, users))
    return TrainingData(
        users[order].astype(np.int32),
        items[order].astype(np.int32),
        np.asarray(weights, np.float32)[order],
        np.asarray(at, np.float64)[order],
        np.asarray(sessions, np.int64)[order],
        n_users,
        n_items,
    )


def _check_range(name: str, values: NDArray[np.integer], size: int) -> None:
    if len(values) and not (values.min() >= 0 and values.max() < size):
        raise InvalidQuery(
            f"{name} of the training data lie in {values.min()}..{values.max()}; allowed is 0..{size - 1}."
        )


def interaction_matrix(data: TrainingData, *, largest: float | None = None) -> Csr:
    """What each user likes how much, csr[U, P], all entries positive.

    A user's interactions with a product are added up; a sum that is not positive (a dislike) is left out.

    Parameters
    ----------
    largest : upper limit of an entry, so that a hundred views of one product do not count as a hundred tastes.
    """
    matrix = csr(data.users, data.items, data.weights, (data.n_users, data.n_items))
    ceiling = np.inf if largest is None else largest
    matrix.data = np.where(matrix.data > 0, np.minimum(matrix.data, np.float32(ceiling)), np.float32(0))
    matrix.eliminate_zeros()
    return matrix


def latest_per_user(data: TrainingData, n: int) -> TrainingData:
    """Each user's last `n` interactions: one crawler must not outweigh, or slow down, all shoppers.

    Examples
    --------
    >>> at = np.arange(3.0)
    >>> data = training_data(np.array([0, 0, 1]), np.arange(3), np.ones(3, np.float32), at, np.zeros(3, np.int64),
    ...                      n_users=2, n_items=3)
    >>> latest_per_user(data, 1).items.tolist()
    [1, 2]
    """
    ends = np.searchsorted(data.users, data.users, side="right")
    return data.take(ends - np.arange(len(data)) <= n)
