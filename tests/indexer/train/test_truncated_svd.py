"""Our "svd" is scikit-learn's TruncatedSVD on the weighted matrix, and folding a user in is what it would project."""

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD

from indexer.train.fold_map import fold_map
from indexer.train.matrix import Csr, from_dense
from indexer.train.svd import Svd
from service.ranking.fold_in import fold_in

WEIGHTS = (1.0, 0.5, 0.3)  # bought, in the cart, wished for


@pytest.fixture(scope="module")
def matrix() -> Csr:
    """60 buyers and 40 products, of which each buyer dealt with about a tenth."""
    random = np.random.default_rng(4)
    return from_dense(random.choice(WEIGHTS, (60, 40)) * (random.random((60, 40)) < 0.1))


def test_factors_are_those_of_scikit_learn(matrix: Csr) -> None:
    theirs = TruncatedSVD(8, n_iter=5, random_state=7)
    users = theirs.fit_transform(matrix)
    ours = Svd(8, iterations=5)(matrix, seed=7)
    signs = np.sign((ours.items * theirs.components_.T).sum(axis=0))  # a dimension may point either way
    np.testing.assert_allclose(ours.items * signs, theirs.components_.T, atol=1e-4)
    np.testing.assert_allclose(ours.users * signs, users, atol=1e-4)
    np.testing.assert_allclose(ours.users @ ours.items.T, users @ theirs.components_, atol=1e-4)


def test_a_user_folded_in_exactly_orders_products_as_the_decomposition_does(matrix: Csr) -> None:
    factors = Svd(8, exact=True)(matrix, seed=7)
    fold = fold_map(matrix, factors)
    for user in range(matrix.shape[0]):
        row = matrix[user]
        folded = fold_in(factors.items[row.indices], row.data.astype(float), fold, biased=False)
        np.testing.assert_allclose(folded * row.data.sum(), factors.users[user], atol=1e-4)


def test_without_that_the_fold_is_learned(matrix: Csr) -> None:
    for svd in (Svd(8), Svd(8, popularity_exponent=0.5, exact=True)):
        assert not np.array_equal(fold_map(matrix, svd(matrix, seed=7)), np.eye(8))
