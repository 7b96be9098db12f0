"""Who liked this also liked that, as item-item weights: EASE while the catalogue fits in memory, kNN beyond.

Row = the product to score, column = a product of the history, so that ``weights @ history`` scores all products and a
row is the sparse vector of its product's point. Without interactions all weights are 0.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from indexer.train.matrix import Csr, csr, diagonal, power, strongest_per_row, sums
from service.core.types import Floats

Kind = Literal["auto", "ease", "cosine", "tfidf"]

_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Covisit:
    """How to find what belongs together.

    Parameters
    ----------
    kind : ``auto`` takes EASE for up to `ease_limit` products with interactions, TF-IDF kNN beyond.
    ease_limit : EASE keeps ``4 * P**2`` bytes: 15,000 products take 0.9 GB.
    l2 : penalty of EASE, > 0; larger trusts only what many did.
    neighbours : weights kept per product.
    user_exponent : a user's row is divided by their sum to this power: 0.5 to 1 keeps the busiest from deciding all.
    popularity_exponent : a product's weights are divided by its sum to this power: more lifts the long tail.
    """

    kind: Kind = "auto"
    ease_limit: int = 15_000
    l2: float = 200.0
    neighbours: int = 100
    user_exponent: float = 0.0
    popularity_exponent: float = 0.0


def covisit(matrix: Csr, params: Covisit, *, threads: int = 1) -> Csr:
    """Item-item weights, csr[P, P]: row = product to score, column = product of the history, diagonal 0.

    Parameters
    ----------
    matrix : csr[U, P], positive.
    """
    size = matrix.shape[1]
    warm = np.unique(matrix.indices)
    if len(warm) < 2:
        return csr(warm[:0], warm[:0], matrix.data[:0], (size, size))
    likes = diagonal(1 / power(sums(matrix, 1), params.user_exponent)) @ matrix[:, warm]
    use_ease = params.kind == "ease" or (params.kind == "auto" and len(warm) <= params.ease_limit)
    weights = ease(likes, params.l2, params.neighbours) if use_ease else _nearest(likes, params, threads)
    lifted = (diagonal(1 / power(sums(matrix, 0)[warm], params.popularity_exponent)) @ weights).tocoo()
    return csr(warm[lifted.row], warm[lifted.col], lifted.data, (size, size))


def ease(matrix: Csr, l2: float, neighbours: int) -> Csr:
    """The closed-form linear autoencoder without self-similarity, cut to the strongest weights per row, csr[P, P].

    Notes
    -----
    With ``Q = (X'X + l2 I)^-1`` the weight of history product i for product j is ``-Q[i, j] / Q[j, j]``. One
    float32 matrix P x P is held and inverted in place by Cholesky: O(P**3).

    References
    ----------
    Steck 2019, Embarrassingly Shallow Autoencoders for Sparse Data, WWW, doi:10.1145/3308558.3313710, eq. 8.

    Examples
    --------
    >>> likes = csr(np.array([0, 0, 1]), np.array([0, 1, 0]), np.ones(3), (2, 2))  # X'X + I is [[3, 1], [1, 2]]
    >>> ease(likes, l2=1.0, neighbours=1).toarray().astype(float).round(3).tolist()
    [[0.0, 0.5], [0.333, 0.0]]
    """
    inverse = _inverse(_gram(matrix, l2))
    blocks = range(0, len(inverse), _BLOCK)
    rows, columns, values = zip(*(_cut(inverse, start, neighbours) for start in blocks), strict=True)
    return csr(np.concatenate(rows), np.concatenate(columns), np.concatenate(values), inverse.shape)


def _gram(matrix: Csr, l2: float) -> Floats:
    """``X'X + l2 I`` as float32[P, P], filled in blocks: the sparse product of all would need several times as much."""
    size = matrix.shape[1]
    transposed = matrix.T.tocsr()
    gram = np.empty((size, size), np.float32)
    for start in range(0, size, _BLOCK):
        gram[start : start + _BLOCK] = (transposed[start : start + _BLOCK] @ matrix).toarray()
    gram[np.diag_indices(size)] += np.float32(l2)
    return gram


def _inverse(gram: Floats) -> Floats:
    """The inverse of a positive definite matrix, in its own memory."""
    from scipy.linalg.lapack import spotrf, spotri  # type: ignore[import-untyped,unused-ignore]

    # Fortran's lower triangle of the transposed view is our upper one; the matrix is symmetric
    factor, failed = spotrf(gram.T, lower=1, overwrite_a=1)
    inverse, failed_too = spotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise FloatingPointError("X'X + l2 I is not positive definite in float32; a larger l2 is needed.")
    out: Floats = inverse.T
    for start in range(0, len(out), _BLOCK):
        end = start + _BLOCK
        out[end:, start:end] = out[start:end, end:].T
        block = out[start:end, start:end]
        block[:] = np.triu(block) + np.triu(block, 1).T
    return out


def _cut(inverse: Floats, start: int, neighbours: int) -> tuple[np.ndarray, np.ndarray, Floats]:
    """Row, column and value of the strongest EASE weights of a block of rows."""
    block = inverse[start : start + _BLOCK]
    rows = np.arange(start, start + len(block))
    weights = -block / inverse[rows, rows][:, None]
    weights[np.arange(len(block)), rows] = 0
    keep = min(neighbours, len(inverse) - 1)
    columns = np.argpartition(-np.abs(weights), keep - 1, axis=1)[:, :keep]
    values = np.take_along_axis(weights, columns, axis=1)
    return np.repeat(rows, keep), columns.ravel(), values.ravel()


def _nearest(matrix: Csr, params: Covisit, threads: int) -> Csr:
    """Cosine similarities of the products' columns, the highest per row, csr[P, P].

    TF-IDF takes a product for the document and its users for the terms: who likes everything says little.
    """
    from implicit.nearest_neighbours import (  # type: ignore[import-untyped,unused-ignore]
        ItemItemRecommender,
        normalize,
        tfidf_weight,
    )

    products = matrix.T if params.kind == "cosine" else tfidf_weight(matrix.T)
    model = ItemItemRecommender(K=params.neighbours + 1, num_threads=threads)  # the nearest is the product itself
    model.fit(normalize(products).T.tocsr(), show_progress=False)
    found = model.similarity.tocoo()
    others = found.row != found.col
    return strongest_per_row(
        csr(found.row[others], found.col[others], found.data[others], found.shape), params.neighbours
    )
