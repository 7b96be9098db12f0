"""A vector for a user who was not in training, from the vectors of the products they dealt with."""

import numpy as np
from numpy.typing import NDArray

from service.core.types import Floats

Weights = NDArray[np.float64]


def mean_vector(items: Floats, weights: Weights) -> Floats:
    """The weighted mean of the history's vectors, float32[D]; 0 where nothing weighs.

    Parameters
    ----------
    items : float32[H, D]. weights : float64[H]; a dislike is negative and pushes away.

    Examples
    --------
    >>> mean_vector(np.array([[1, 0], [0, 1]], np.float32), np.array([3.0, 1.0])).tolist()
    [0.75, 0.25]
    """
    total = np.abs(weights).sum()
    vector = weights @ items.astype(np.float64) / (total if total > 0 else 1.0)
    return np.asarray(vector, dtype=np.float32)


def ridge_vector(items: Floats, weights: Weights, gram: NDArray[np.float64], l2: float) -> Floats:
    """The user's row of a confidence-weighted least squares, given the products, float32[D].

    Parameters
    ----------
    items : float32[H, D]. weights : float64[H], confidence above that of not having met a product; <= 0 is left out.
    gram : float64[D, D], ``V'V`` over all products; zeros for a ridge regression on the history only.
    l2 : penalty, > 0.

    Notes
    -----
    ``u = (V'V + sum w v v' + l2 I)^-1 sum (1 + w) v``: O(H D**2 + D**3).

    References
    ----------
    Hu, Koren & Volinsky 2008, doi:10.1109/ICDM.2008.22, eq. 4.

    Examples
    --------
    >>> ridge_vector(np.array([[1, 0]], np.float32), np.array([1.0]), np.zeros((2, 2)), l2=1.0).tolist()
    [1.0, 0.0]
    """
    liked = weights > 0
    vectors, weight = items[liked].astype(np.float64), weights[liked]
    left = gram + (vectors.T * weight) @ vectors + l2 * np.eye(items.shape[1])
    return np.asarray(np.linalg.solve(left, (1 + weight) @ vectors), dtype=np.float32)
