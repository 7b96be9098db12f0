"""Non-negative matrix factorisation; imports scikit-learn."""

import warnings
from dataclasses import dataclass

from indexer.train.factors import NO_SIDES, Factors, Sides, known, padded
from indexer.train.features import fill_cold
from indexer.train.matrix import Csr, require_positive


@dataclass(frozen=True, slots=True)
class Nmf:
    """Parts that only add up: every dimension is a group of products bought by the same users.

    Parameters
    ----------
    dimensions : of the vectors; beyond the smaller side of the matrix they are filled with 0.
    iterations : at most so many sweeps of coordinate descent. l2 : penalty.

    References
    ----------
    Lee & Seung 1999, Learning the parts of objects by non-negative matrix factorization, doi:10.1038/44565.
    """

    dimensions: int = 20
    iterations: int = 100
    l2: float = 0.0

    def __call__(self, matrix: Csr, sides: Sides = NO_SIDES, *, seed: int = 0, threads: int = 1) -> Factors:
        """Factors without bias, all entries >= 0 (but for those that come through features)."""
        from sklearn.decomposition import NMF  # type: ignore[import-untyped,unused-ignore]
        from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped,unused-ignore]

        require_positive(matrix)
        model = NMF(
            n_components=min(self.dimensions, *matrix.shape),
            init="nndsvd",
            max_iter=self.iterations,
            alpha_W=self.l2,
            random_state=seed,
        )
        with warnings.catch_warnings():
            # stopping early is meant: more sweeps fit the past better and the future worse
            warnings.simplefilter("ignore", ConvergenceWarning)
            users = model.fit_transform(matrix)
        factors = Factors(padded(users, self.dimensions), padded(model.components_.T, self.dimensions))
        return fill_cold(factors, sides, known(matrix))
