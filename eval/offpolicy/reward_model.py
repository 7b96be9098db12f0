"""A plain model of rewards for the doubly robust estimate: how much a slot is looked at x what a product is worth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

FOLDS = 5
_RIDGE = 1e-3  # of the mean diagonal: only there so that signals without spread do no harm


@dataclass(frozen=True, slots=True, eq=False)
class RewardModel:
    """``reward(slot k, product) = looked[k] * (1, features) @ worth``, one model per fold F of visitors.

    Attributes
    ----------
    looked : float64[F, N]. worth : float64[F, S + 1]. fold : int64[I], whose model judges a slate: it has seen no
        slate of the same visitor.
    """

    looked: Values
    worth: Values
    fold: NDArray[np.int64]


def fit(features: Values, reward: Values, filled: NDArray[np.bool_], visitor: NDArray[np.int64]) -> RewardModel:
    """Least squares over all slots of the other folds' visitors.

    Parameters
    ----------
    features : float64[I, N, S], of the products shown: what each signal said. reward, filled : [I, N].

    References
    ----------
    Cross-fitting: Chernozhukov et al. 2018, doi:10.1111/ectj.12097.
    """
    fold = visitor % FOLDS
    known = np.concatenate([np.ones((*features.shape[:2], 1)), features], axis=2)
    paid = np.stack([np.where(filled, reward, 0.0)[fold == f].sum(0) for f in range(FOLDS)])
    seen = np.stack([filled[fold == f].sum(0) for f in range(FOLDS)])
    rest = np.maximum(seen.sum(0) - seen, 1)
    looked = (paid.sum(0) - paid) / rest
    worth = np.stack([_worth(known[fold != f], reward[fold != f], filled[fold != f], looked[f]) for f in range(FOLDS)])
    return RewardModel(looked, worth, fold)


def _worth(known: Values, reward: Values, filled: NDArray[np.bool_], looked: Values) -> Values:
    design = (known * looked[:, None])[filled]
    square = design.T @ design
    ridge = _RIDGE * np.trace(square) / len(square) + 1e-12
    return np.asarray(np.linalg.solve(square + ridge * np.eye(len(square)), design.T @ reward[filled]))


def judge(model: RewardModel, features: Values, rows: NDArray[np.int64]) -> Values:
    """What products are worth before the slot comes in: float64[B, C] of features float64[B, C, S] of slates `rows`."""
    worth = model.worth[model.fold[rows]]
    return np.asarray(worth[:, :1] + np.einsum("bcs,bs->bc", features, worth[:, 1:]))
