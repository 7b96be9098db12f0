"""Train everything a release holds."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

import numpy as np

from config.training import Training
from indexer.release.model import Model
from indexer.release.shop import ShopData
from indexer.train.association import Association, Rules, association_rules
from indexer.train.covisit import Covisit, covisit
from indexer.train.data import TrainingData, interaction_matrix
from indexer.train.factors import Factorise, Factors, known
from indexer.train.fold_map import fold_map
from indexer.train.matrix import Csr, csr, require_positive
from indexer.train.sequence import Sequence, sequence

Step = Callable[[str], AbstractContextManager[None]]
"""Marks the beginning and end of a step, for progress and timing."""

STEPS = ("read", "factorise", "covisit", "sequence", "association", "trending", "evaluate", "write")
"""The steps of `build_release`, in order."""


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """The model over all products read, and the vectors of all users read.

    Attributes
    ----------
    factors : users float32[U, D] and items float32[P, D].
    known_products, known_users : bool[P], bool[U], of which anything is known: behaviour or features.
    """

    model: Model
    factors: Factors
    rules: Rules
    known_products: np.ndarray
    known_users: np.ndarray


def learn(shop: ShopData, data: TrainingData, training: Training, seed: int, step: Step) -> Learned:
    """Train all parts.

    Parameters
    ----------
    data : the interactions of `shop` to train on.

    Raises
    ------
    InvalidQuery : no interaction is positive.
    """
    threads = training.threads or os.cpu_count() or 1
    matrix = interaction_matrix(data, largest=training.events.largest)
    require_positive(matrix)
    with step("factorise"):
        factors = factoriser(training)(matrix, shop.sides, seed=seed, threads=threads)
        fold = fold_map(matrix, factors)
    with step("covisit"):
        together = covisit(matrix, Covisit(**training.covisit.model_dump()), threads=threads)
    with step("sequence"):
        following = sequence(data, Sequence(**training.sequence.model_dump()))
    with step("association"):
        rules = association_rules(*shop.baskets, _association(training))
    weights = {"covisit": together, "sequence": following, "association": _lifts(rules, data.n_items)}
    warm = known(matrix)
    return Learned(
        Model(shop.products, factors.items, fold, factors.biased, weights),
        factors,
        rules,
        warm.items | _has_features(shop.sides.items, data.n_items),
        warm.users | _has_features(shop.sides.users, data.n_users),
    )


def factoriser(training: Training) -> Factorise:
    """The factoriser the configuration names, with its parameters."""
    size = training.dimensions
    if training.factoriser == "als":
        from indexer.train.als import Als

        return Als(size, **training.als.model_dump())
    if training.factoriser == "svd":
        from indexer.train.svd import Svd

        return Svd(size, **training.svd.model_dump())
    if training.factoriser == "nmf":
        from indexer.train.nmf import Nmf

        return Nmf(size, **training.nmf.model_dump())
    from indexer.train.cf import LightFm

    return LightFm(size, **training.lightfm.model_dump())


@contextmanager
def timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Note how long the block took."""
    start = time.monotonic()
    yield
    seconds[name] = round(time.monotonic() - start, 3)


def _association(training: Training) -> Association:
    params = training.association
    return replace(
        Association(),
        min_count=params.min_count,
        min_confidence=params.min_confidence,
        min_lift=params.min_lift,
        max_basket=params.max_basket,
        per_antecedent=params.per_product,
        max_length=2,
    )


def _lifts(rules: Rules, size: int) -> Csr:
    """Row = consequent, column = antecedent, value = ln(lift): sums of logarithms multiply independent lifts."""
    antecedents = np.array([antecedent[0] for antecedent in rules.antecedents], np.int64)
    return csr(rules.consequents, antecedents, np.log(rules.lift), (size, size))


def _has_features(features: Csr | None, size: int) -> np.ndarray:
    return np.zeros(size, dtype=bool) if features is None else np.diff(features.indptr) > 0
