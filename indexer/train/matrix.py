"""Sparse matrices: the one module of training that imports scipy.sparse."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse  # type: ignore[import-untyped,unused-ignore]

from service.core.errors import InvalidQuery

Csr = Any
"""A `scipy.sparse.csr_matrix` of float32 with sorted indices and without stored zeros; scipy brings no types."""


def csr(rows: NDArray[Any], columns: NDArray[Any], values: NDArray[Any], shape: tuple[int, int]) -> Csr:
    """The matrix with these entries, csr[shape]; entries of the same place are added up, zeros are left out.

    Examples
    --------
    >>> csr(np.array([0, 0, 1]), np.array([1, 1, 0]), np.array([2.0, 3.0, 0.0]), (2, 2)).toarray().tolist()
    [[0.0, 5.0], [0.0, 0.0]]
    """
    # added up in double precision, then narrowed: thousands of small decayed weights must not get lost
    entries = (np.asarray(values, dtype=np.float64), (rows, columns))
    return _clean(sparse.coo_matrix(entries, shape=shape).tocsr().astype(np.float32))


def from_parts(
    data: NDArray[Any], indices: NDArray[Any], indptr: NDArray[Any], shape: NDArray[np.integer] | tuple[int, int]
) -> Csr:
    """The matrix with these arrays, csr[shape], as they were taken from one."""
    return sparse.csr_matrix((data, indices, indptr), shape=(int(shape[0]), int(shape[1])))


def from_dense(values: NDArray[Any]) -> Csr:
    """The non-zero entries of a dense matrix, csr."""
    return _clean(sparse.csr_matrix(np.asarray(values, dtype=np.float32)))


def beside(*blocks: Csr) -> Csr:
    """Matrices of equal height side by side, csr."""
    return _clean(sparse.hstack(blocks, format="csr", dtype=np.float32))


def diagonal(values: NDArray[Any]) -> Csr:
    """The square matrix with these values on its diagonal, csr."""
    return sparse.diags(np.asarray(values, dtype=np.float32), format="csr")


def identity(size: int) -> Csr:
    """The identity, csr[size, size]."""
    return diagonal(np.ones(size, np.float32))


def sums(matrix: Csr, axis: int) -> NDArray[np.float64]:
    """Sums down the columns (axis 0) or along the rows (axis 1), float64."""
    return np.asarray(matrix.sum(axis=axis, dtype=np.float64)).ravel()


def power(values: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """``values ** exponent`` where a value is positive and 1 elsewhere, so that dividing by it is always allowed."""
    out = np.ones_like(values, dtype=np.float64)
    np.power(values, exponent, out=out, where=values > 0)
    return out


def strongest_per_row(matrix: Csr, n: int) -> Csr:
    """Each row's `n` entries of largest magnitude (equal ones by lower column), csr of the same shape.

    Notes
    -----
    By magnitude, because a strong "not this one" says as much as a strong "this one".

    Examples
    --------
    >>> strongest_per_row(from_dense(np.array([[1.0, -3.0, 2.0]])), 2).toarray().tolist()
    [[0.0, -3.0, 2.0]]
    """
    counts = np.diff(matrix.indptr)
    if not len(counts) or counts.max() <= n:
        return matrix
    keep = np.ones(matrix.nnz, dtype=bool)
    for row in np.flatnonzero(counts > n):
        start, end = matrix.indptr[row], matrix.indptr[row + 1]
        order = np.argsort(-np.abs(matrix.data[start:end]), kind="stable")
        keep[start + order[n:]] = False
    kept = np.concatenate([[0], np.cumsum(keep)])[matrix.indptr]
    return sparse.csr_matrix((matrix.data[keep], matrix.indices[keep], kept), shape=matrix.shape)


def require_positive(matrix: Csr) -> None:
    """Refuse a matrix that says nothing about taste.

    Raises
    ------
    InvalidQuery : no positive entry; code ``nothing_to_train_on``.
    """
    if not (matrix.data > 0).any():
        users, products = matrix.shape
        raise InvalidQuery(
            f"There is nothing to train on: of {users} users and {products} products no interaction has a positive "
            "weight. At least one is needed: load events (vitrine load events FILE), or give some event type a "
            "positive weight.",
            code="nothing_to_train_on",
        )


def _clean(matrix: Csr) -> Csr:
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix
