"""Every factoriser: finite vectors, the same for a seed, taste recovered, the cold through features, clear errors."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from indexer.train.als import Als
from indexer.train.cf import LightFm, Loss
from indexer.train.factors import Factorise, Factors, Sides
from indexer.train.features import feature_matrix, through_features
from indexer.train.matrix import Csr, csr, from_dense
from indexer.train.nmf import Nmf
from indexer.train.svd import Svd
from service.core.errors import InvalidQuery

USERS, ITEMS = 40, 20
FACTORISERS: dict[str, Factorise] = {
    "lightfm": LightFm(dimensions=8, epochs=30),
    "als": Als(dimensions=8),
    "svd": Svd(dimensions=8),
    "nmf": Nmf(dimensions=8),
}
every = pytest.mark.parametrize("factorise", FACTORISERS.values(), ids=FACTORISERS.keys())


def two_tastes(cold_item: bool = False) -> Csr:
    """Even users like even products, odd users odd ones: each 6 of 10; the last product may have no one."""
    random = np.random.default_rng(1)
    likes = np.zeros((USERS, ITEMS))
    for user in range(USERS):
        likes[user, random.choice(np.arange(user % 2, ITEMS, 2), 6, replace=False)] = 1
    if cold_item:
        likes[:, -1] = 0
    return from_dense(likes)


def shape_tokens(count: int) -> list[list[str]]:
    return [["shape=odd"] if row % 2 else ["shape=even"] for row in range(count)]


@every
def test_users_get_the_products_of_their_taste(factorise: Factorise) -> None:
    factors = factorise(two_tastes(), seed=3)
    scores = factors.users @ factors.items.T
    best = np.argsort(-scores, axis=1)[:, :8]
    assert (best % 2 == np.arange(USERS)[:, None] % 2).mean() > 0.95


@every
def test_the_same_seed_gives_the_same_vectors(factorise: Factorise) -> None:
    one, two = factorise(two_tastes(), seed=3), factorise(two_tastes(), seed=3)
    assert np.array_equal(one.users, two.users)
    assert np.array_equal(one.items, two.items)


@every
def test_a_product_without_events_is_placed_by_its_features(factorise: Factorise) -> None:
    sides = Sides(items=feature_matrix(shape_tokens(ITEMS), columns=64))
    factors = factorise(two_tastes(cold_item=True), sides, seed=3)
    scores = factors.users @ factors.items.T
    odd_users = np.arange(USERS) % 2 == 1
    assert scores[odd_users, -1].mean() > scores[~odd_users, -1].mean()
    later = through_features(feature_matrix([["shape=odd"]], columns=64), factors.item_tokens)  # type: ignore[arg-type]
    np.testing.assert_allclose(later[0], factors.items[-1], rtol=1e-4, atol=1e-6)


@every
def test_a_user_without_events_is_placed_by_their_features(factorise: Factorise) -> None:
    likes = two_tastes().toarray()
    likes[-1] = 0  # an odd one
    factors = factorise(from_dense(likes), Sides(users=feature_matrix(shape_tokens(USERS), columns=64)), seed=3)
    scores = factors.items @ factors.users[-1]
    assert scores[1::2].mean() > scores[::2].mean()


@every
def test_shapes_hold_and_no_number_is_missing_for_the_smallest_shops(factorise: Factorise) -> None:
    for users, items in ((1, 1), (1, 5), (5, 1), (3, 4)):
        factors = factorise(csr(np.array([0]), np.array([0]), np.ones(1), (users, items)), seed=0)
        width = 9 if factors.biased else 8
        assert factors.users.shape == (users, width)
        assert factors.items.shape == (items, width)
        assert np.isfinite(factors.users).all()
        assert np.isfinite(factors.items).all()


@every
@pytest.mark.parametrize("shape", [(0, 0), (3, 4)])
def test_nothing_to_train_on_is_said_clearly(factorise: Factorise, shape: tuple[int, int]) -> None:
    nothing = csr(np.empty(0, int), np.empty(0, int), np.empty(0), shape)
    with pytest.raises(InvalidQuery, match="load events") as caught:
        factorise(nothing)
    assert caught.value.code == "nothing_to_train_on"


def lightfm_scores(model: Any, user_features: Any, item_features: Any) -> np.ndarray:
    everyone, everything = np.repeat(np.arange(USERS), ITEMS), np.tile(np.arange(ITEMS), USERS)
    predicted = model.predict(everyone, everything, item_features=item_features, user_features=user_features)
    return np.asarray(predicted).reshape(USERS, ITEMS)


@pytest.mark.parametrize("loss", ["warp", "bpr", "logistic", "warp-kos"])
@pytest.mark.parametrize("with_features", [False, True])
def test_the_order_of_the_dot_product_is_that_of_lightfm(
    loss: Loss, with_features: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[Any] = []
    fit = LightFm._fit

    def remember(self: LightFm, likes: Csr, items: Csr, users: Csr, seed: int, threads: int) -> Any:
        fitted.append((fit(self, likes, items, users, seed, threads), users, items))
        return fitted[-1][0]

    monkeypatch.setattr(LightFm, "_fit", remember)
    features = Sides(feature_matrix(shape_tokens(ITEMS), 16), feature_matrix(shape_tokens(USERS), 16))
    factors = LightFm(dimensions=6, epochs=5, loss=loss)(two_tastes(), features if with_features else Sides(), seed=7)
    expected = lightfm_scores(*fitted[0])
    scores = factors.users @ factors.items.T
    # LightFM adds the user's bias, the same for all products: differences within a user are equal
    np.testing.assert_allclose(scores - scores[:, :1], expected - expected[:, :1], atol=1e-4)


def test_lightfm_users_end_in_one_and_unknown_products_come_last() -> None:
    factors = LightFm(dimensions=4, epochs=5)(two_tastes(cold_item=True), seed=1)
    assert factors.biased
    assert (factors.users[:, -1] == 1).all()
    assert factors.items[-1].tolist() == [0, 0, 0, 0, factors.items[:-1, -1].min()]


def test_a_feature_trained_product_equals_its_parts() -> None:
    """A cold product with two tokens is the mean of two products that have one of them each."""
    tokens = [*shape_tokens(ITEMS), ["shape=odd", "shape=even"], ["shape=odd"], ["shape=even"]]
    likes = csr(*two_tastes().tocoo().coords, np.ones(two_tastes().nnz), (USERS, ITEMS + 3))
    both, odd, even = LightFm(dimensions=4, epochs=5)(likes, Sides(items=feature_matrix(tokens, 64)), seed=1).items[-3:]
    np.testing.assert_allclose(both, (odd + even) / 2, atol=1e-6)


def test_weights_change_what_lightfm_learns() -> None:
    likes = two_tastes()
    heavy = likes.copy()
    heavy.data[: likes.nnz // 2] *= 20
    one: Factors = LightFm(dimensions=4, epochs=5)(likes, seed=1)
    assert not np.allclose(one.users, LightFm(dimensions=4, epochs=5)(heavy, seed=1).users)
    # only their proportions count
    doubled = likes.copy()
    doubled.data *= 2
    assert np.array_equal(one.users, LightFm(dimensions=4, epochs=5)(doubled, seed=1).users)


def test_a_small_svd_restores_the_matrix() -> None:
    likes = two_tastes()
    factors = replace(Svd(), dimensions=20)(likes)
    np.testing.assert_allclose(factors.users @ factors.items.T, likes.toarray(), atol=1e-4)


def test_nmf_has_no_negative_entries() -> None:
    factors = Nmf(dimensions=4)(two_tastes())
    assert factors.users.min() >= 0
    assert factors.items.min() >= 0


def test_feature_columns_do_not_depend_on_the_process_or_the_order() -> None:
    one = feature_matrix([["brand=acme", "tag=red"], ["tag=red"]])
    two = feature_matrix([["tag=red"], ["tag=red", "brand=acme"]])
    assert np.array_equal(one.toarray(), two.toarray()[::-1])
    assert one[1].indices.tolist() == [2565]  # crc32(b"tag=red") % 4096: a changed hash would break stored releases
