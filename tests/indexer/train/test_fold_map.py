"""The map from a user's products to the user is the best linear one, and recovers users it has not seen."""

import numpy as np
import pytest

from indexer.train.als import Als
from indexer.train.cf import LightFm
from indexer.train.factors import Factorise, Factors
from indexer.train.fold_map import fold_map
from indexer.train.matrix import Csr, csr, from_dense
from service.ranking.fold_in import fold_in

random = np.random.default_rng(6)


def likes(users: int) -> np.ndarray:
    """Four groups of 10 products; every user likes 5 of one group."""
    made = np.zeros((users, 40))
    for user in range(users):
        made[user, user % 4 * 10 + random.choice(10, 5, replace=False)] = 1
    return made


def folded(matrix: Csr, factors: Factors) -> np.ndarray:
    fold = fold_map(matrix, factors)
    rows = [matrix[user] for user in range(matrix.shape[0])]
    histories = [(factors.items[row.indices], row.data.astype(float)) for row in rows]
    return np.stack([fold_in(items, weights, fold, biased=factors.biased) for items, weights in histories])


def test_linear_users_are_recovered_exactly() -> None:
    matrix = from_dense(likes(40) * random.integers(1, 4, (40, 40)))
    items, rule = random.normal(size=(40, 3)), random.normal(size=(3, 3))
    means = matrix.toarray() @ items / matrix.toarray().sum(axis=1, keepdims=True)
    factors = Factors((means @ rule).astype(np.float32), items.astype(np.float32))
    np.testing.assert_allclose(fold_map(matrix, factors), rule, atol=2e-3)
    np.testing.assert_allclose(folded(matrix, factors), factors.users, atol=1e-2)


@pytest.mark.parametrize("factorise", [LightFm(dimensions=8, epochs=30), Als(dimensions=4, l2=1.0, alpha=1.0)])
def test_users_who_were_not_in_training_get_the_products_of_their_taste(factorise: Factorise) -> None:
    matrix = from_dense(likes(80))
    factors = factorise(matrix, seed=1)
    fold = fold_map(matrix, factors)
    for group in range(4):
        history = np.arange(group * 10, group * 10 + 3)
        user = fold_in(factors.items[history], np.ones(3), fold, biased=factors.biased)
        best = np.argsort(-(factors.items @ user))[:10]
        assert (best // 10 == group).mean() >= 0.9


def test_the_bias_takes_no_part() -> None:
    matrix = from_dense(likes(20))
    fold = fold_map(matrix, LightFm(dimensions=4, epochs=3)(matrix))
    assert fold.shape == (5, 5)
    assert not fold[-1].any()
    assert not fold[:, -1].any()


def test_one_user_with_one_product_is_enough() -> None:
    one = csr(np.array([1]), np.array([2]), np.ones(1), (3, 4))
    assert np.isfinite(fold_map(one, Als(dimensions=4)(one))).all()
