"""Truncated singular value decomposition; imports scikit-learn."""

from dataclasses import dataclass

import numpy as np

from indexer.train.factors import NO_SIDES, Factors, Sides, known, padded
from indexer.train.features import fill_cold
from indexer.train.matrix import Csr, diagonal, power, require_positive, sums


@dataclass(frozen=True, slots=True)
class Svd:
    """The best low-rank approximation of the interaction matrix (missing means 0; "PureSVD").

    Parameters
    ----------
    dimensions : of the vectors; beyond the smaller side of the matrix they are filled with 0.
    iterations : power iterations of the randomised solver.
    popularity_exponent : each product's column is divided by its sum to this power before, so that best sellers do not
        take all dimensions; 0 leaves it as it is.
    exact : users who are folded in get what the decomposition makes of them, and not what is learned to foresee best;
        with `popularity_exponent` 0 only.

    References
    ----------
    Cremonesi, Koren & Turrin 2010, Performance of Recommender Algorithms on Top-N Recommendation Tasks, RecSys,
    doi:10.1145/1864708.1864721; Nikolakopoulos et al. 2019, EigenRec, doi:10.1007/s10115-018-1197-7.
    """

    dimensions: int = 20
    iterations: int = 5
    popularity_exponent: float = 0.0
    exact: bool = False

    def __call__(self, matrix: Csr, sides: Sides = NO_SIDES, *, seed: int = 0, threads: int = 1) -> Factors:
        """Factors without bias: users are projections onto the right singular vectors, the items."""
        from sklearn.utils.extmath import randomized_svd  # type: ignore[import-untyped,unused-ignore]

        require_positive(matrix)
        scaled = matrix @ diagonal(1 / power(sums(matrix, 0), self.popularity_exponent))
        rank = min(self.dimensions, *matrix.shape)
        _, _, right = randomized_svd(scaled, rank, n_iter=self.iterations, random_state=seed)
        items = padded(np.ascontiguousarray(right.T), self.dimensions)
        users = np.asarray(scaled @ items, dtype=np.float32)
        is_projection = self.exact and self.popularity_exponent == 0
        return fill_cold(Factors(users, items, is_projection=is_projection), sides, known(matrix))
