"""LightFM: factors of users and products that learn from features too; the only module that imports lightfm."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from indexer.train.factors import NO_SIDES, Factors, Sides, known
from indexer.train.features import through_features
from indexer.train.matrix import Csr, beside, identity, require_positive
from service.core.types import Floats

Loss = Literal["warp", "bpr", "logistic", "warp-kos"]


@dataclass(frozen=True, slots=True)
class LightFm:
    """A hybrid factorisation trained by ranking loss, with biases folded into the vectors.

    Parameters
    ----------
    dimensions : of the embeddings; vectors have one more for the bias. epochs : passes over the interactions.
    loss : WARP and BPR learn from likes alone; logistic needs dislikes beside them, which the matrix does not hold, and
        so learns little more than popularity (measured on MovieLens-100K: NDCG@10 .139, .114 and .073).
    learning_rate : of Adagrad. item_l2, user_l2 : L2 penalty.
    max_sampled : tries of WARP to find a product wrongly ranked above a liked one; more is slower and steeper.
    feature_share : weight of a product's (user's) features beside its own embedding of weight 1; more helps where
        interactions are few (4 is best on Amazon Beauty with the words of the titles, 1 to 2 on MovieLens).

    References
    ----------
    Kula 2015, Metadata Embeddings for User and Item Cold-start Recommendations, arXiv:1507.08439;
    Weston et al. 2011, WSABIE, IJCAI (WARP).
    """

    dimensions: int = 64
    epochs: int = 25
    loss: Loss = "warp"
    learning_rate: float = 0.05
    item_l2: float = 1e-5
    user_l2: float = 1e-5
    max_sampled: int = 10
    feature_share: float = 3.0

    def __call__(self, matrix: Csr, sides: Sides = NO_SIDES, *, seed: int = 0, threads: int = 1) -> Factors:
        """Factors with items ``[v, b]``, users ``[u, 1]``: their dot product orders products as LightFM does.

        Those without interactions take no part in training, where they would be drawn as negatives and so learn to be
        disliked; they get their vectors through their features. Without features a product is placed last (lowest
        bias), a user gets the order of the biases, which is popularity.

        Notes
        -----
        The same seed gives the same vectors with one thread only: several threads update without locks.
        """
        require_positive(matrix)
        warm = known(matrix)
        users, items = np.flatnonzero(warm.users), np.flatnonzero(warm.items)
        likes = matrix[users][:, items]
        item_features = _with_identity(sides.items, items, self.feature_share)
        user_features = _with_identity(sides.users, users, self.feature_share)
        model = self._fit(likes, item_features, user_features, seed, threads)
        all_items, item_tokens = _side(model.item_embeddings, model.item_biases, item_features, sides.items, warm.items)
        all_users, user_tokens = _side(model.user_embeddings, model.user_biases, user_features, sides.users, warm.users)
        all_users[:, -1] = 1.0
        if user_tokens is not None:
            # feature rows sum to feature_share; a user known by features has the constant 1 as well
            user_tokens[:, -1] = 0.0
        return Factors(all_users, _placed(all_items, warm.items, sides.items), True, item_tokens, user_tokens)

    def _fit(self, likes: Csr, items: Csr | None, users: Csr | None, seed: int, threads: int) -> Any:
        from lightfm import LightFM  # type: ignore[import-untyped,unused-ignore]

        model = LightFM(
            no_components=self.dimensions,
            loss=self.loss,
            learning_rate=self.learning_rate,
            item_alpha=self.item_l2,
            user_alpha=self.user_l2,
            max_sampled=self.max_sampled,
            random_state=seed,
        )
        weights = likes.tocoo()
        ones = weights.copy()
        ones.data = np.ones_like(weights.data)
        weights.data = weights.data / weights.data.mean()  # the learning rate is meant for weights around 1
        model.fit(
            ones,
            user_features=users,
            item_features=items,
            sample_weight=None if self.loss == "warp-kos" else weights,  # k-OS knows no weights
            epochs=self.epochs,
            num_threads=threads,
        )
        return model


def _with_identity(features: Csr | None, chosen: Any, share: float) -> Csr | None:
    """The chosen rows beside an identity: an embedding of one's own and those of one's features."""
    if features is None:
        return None
    return beside(identity(len(chosen)), features[chosen] * np.float32(share))


def _side(embeddings: Floats, biases: Floats, trained: Csr | None, features: Csr | None, warm: Any) -> Any:
    """Vectors ``[embedding, bias]`` of all rows of one side and, given features, of their columns."""
    learned = np.column_stack([embeddings, biases]).astype(np.float32)
    vectors = np.zeros((len(warm), learned.shape[1]), np.float32)
    if features is None or trained is None:
        vectors[warm] = learned
        return vectors, None
    count = int(warm.sum())
    share = trained[:, count:].sum() / max(features[np.flatnonzero(warm)].sum(), 1e-12)
    tokens = (learned[count:] * np.float32(share)).astype(np.float32)
    vectors[:] = through_features(features, tokens)
    vectors[warm] = trained @ learned
    return vectors, tokens


def _placed(items: Floats, warm: Any, features: Csr | None) -> Floats:
    """Products of which nothing is known come last."""
    has_features = np.zeros(len(items), dtype=bool) if features is None else np.diff(features.indptr) > 0
    items[~warm & ~has_features, -1] = items[warm, -1].min()
    return items
