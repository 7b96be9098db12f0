"""Alternating least squares with confidence weights; imports implicit."""

from dataclasses import dataclass

import numpy as np

from indexer.train.factors import NO_SIDES, Factors, Sides, known
from indexer.train.features import fill_cold
from indexer.train.matrix import Csr, require_positive


@dataclass(frozen=True, slots=True)
class Als:
    """Weighted least squares over all user-product pairs.

    Parameters
    ----------
    dimensions : of the vectors. iterations : alternations. l2 : penalty.
    alpha : confidence of an interaction of weight w is ``1 + alpha * w``.

    References
    ----------
    Hu, Koren & Volinsky 2008, Collaborative Filtering for Implicit Feedback Datasets, ICDM,
    doi:10.1109/ICDM.2008.22.
    """

    dimensions: int = 32
    iterations: int = 15
    l2: float = 10.0
    alpha: float = 1.0

    def __call__(self, matrix: Csr, sides: Sides = NO_SIDES, *, seed: int = 0, threads: int = 1) -> Factors:
        """Factors without bias; products and users without interactions are 0 or come through their features."""
        from implicit.cpu.als import AlternatingLeastSquares  # type: ignore[import-untyped,unused-ignore]
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped,unused-ignore]

        require_positive(matrix)
        # implicit has its own threads, on which those of BLAS would tread
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(
                factors=self.dimensions,
                regularization=self.l2,
                alpha=1.0,
                iterations=self.iterations,
                num_threads=threads,
                random_state=seed,
            )
            model.fit(_confidence(matrix, self.alpha), show_progress=False)
        warm = known(matrix)
        users = np.where(warm.users[:, None], model.user_factors, 0).astype(np.float32)
        items = np.where(warm.items[:, None], model.item_factors, 0).astype(np.float32)
        return fill_cold(Factors(users, items), sides, warm)


def _confidence(matrix: Csr, alpha: float) -> Csr:
    confidence = matrix.copy()
    confidence.data = (1 + alpha * confidence.data).astype(np.float32)
    return confidence
