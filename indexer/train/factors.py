"""User and product vectors whose dot product orders products, and the interface of all that make them."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.train.matrix import Csr
from service.core.types import Floats


@dataclass(frozen=True, slots=True)
class Factors:
    """Vectors of all users and products; ``users[u] @ items[p]`` orders the products for a user.

    Attributes
    ----------
    users : float32[U, D]. items : float32[P, D].
    biased : the last dimension of `items` is the product's bias, that of `users` is 1.
    is_projection : a user's vector is the weighted sum of the vectors of the products, exactly.
    item_tokens, user_tokens : float32[F, D], what each column of the feature matrix adds, so that a product or user
        who comes after training has a vector too (`through_features`); None when trained without features.
    """

    users: Floats
    items: Floats
    biased: bool = False
    item_tokens: Floats | None = None
    user_tokens: Floats | None = None
    is_projection: bool = False


@dataclass(frozen=True, slots=True)
class Sides:
    """What is known besides behaviour, as made by `feature_matrix`: csr[P, F] of products, csr[U, F'] of users."""

    items: Csr | None = None
    users: Csr | None = None


NO_SIDES = Sides()


class Factorise(Protocol):
    """A way to factorise: its parameters are its fields."""

    def __call__(self, matrix: Csr, sides: Sides = NO_SIDES, *, seed: int = 0, threads: int = 1) -> Factors:
        """Factors of the positive csr[U, P] `matrix`.

        Raises
        ------
        InvalidQuery : no positive entry.
        """


@dataclass(frozen=True, slots=True)
class Known:
    """Which users bool[U] and products bool[P] have interactions."""

    users: NDArray[np.bool_] = field()
    items: NDArray[np.bool_] = field()


def known(matrix: Csr) -> Known:
    """Rows and columns of csr[U, P] that have an entry."""
    items = np.zeros(matrix.shape[1], dtype=bool)
    items[matrix.indices] = True
    return Known(np.diff(matrix.indptr) > 0, items)


def padded(vectors: NDArray[np.floating], dimensions: int) -> Floats:
    """Vectors widened by zeros to float32[*, dimensions]: a small catalogue has fewer factors than were asked for."""
    out = np.zeros((len(vectors), dimensions), np.float32)
    out[:, : vectors.shape[1]] = vectors
    return out
