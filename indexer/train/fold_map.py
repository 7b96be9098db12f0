"""How the mean of a user's products becomes the user's vector: one small matrix, learned from all trained users."""

import numpy as np

from indexer.train.factors import Factors
from indexer.train.matrix import Csr, diagonal, power, sums
from service.core.types import Floats

_RELATIVE_L2 = 1e-4  # keeps the solution defined with fewer users than dimensions; measured: 1e-5 to 1e-3 are alike


def fold_map(matrix: Csr, factors: Factors) -> Floats:
    """The matrix A with ``mean of the liked products' vectors @ A`` nearest to the user's own, float32[D, D].

    Parameters
    ----------
    matrix : csr[U, P], what the factors were trained on.

    Notes
    -----
    Least squares over users, ``(M'M + l2 I)^-1 M'U`` with the means M and the users U: O(nnz D + U D**2). A bias
    takes no part: its row and column are 0. Where a user is the weighted sum of the products, A is the identity: the
    mean is that sum but for its length, which changes no order.
    """
    if factors.is_projection:
        return np.eye(factors.items.shape[1], dtype=np.float32)
    width = factors.items.shape[1] - int(factors.biased)
    items, users = factors.items[:, :width], factors.users[:, :width]
    active = np.flatnonzero(np.diff(matrix.indptr))
    means = np.asarray(diagonal(1 / power(sums(matrix, 1), 1.0)) @ matrix @ items, dtype=np.float64)[active]
    gram = means.T @ means
    l2 = _RELATIVE_L2 * max(float(np.trace(gram)) / max(width, 1), 1e-12)
    out = np.zeros((factors.items.shape[1],) * 2, np.float32)
    out[:width, :width] = np.linalg.solve(gram + l2 * np.eye(width), means.T @ users[active])
    return out
