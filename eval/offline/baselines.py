"""Single models as plain arrays, trained on what the release was trained on: what the service has to beat."""

from collections.abc import Callable, Mapping

import numpy as np

from config.training import Training
from eval.offline.asked import Asked
from eval.offline.shop import Trained
from indexer.release.learn import factoriser
from indexer.train.covisit import Covisit, covisit
from indexer.train.data import interaction_matrix
from indexer.train.factors import Factors
from indexer.train.fold_map import fold_map
from indexer.train.matrix import Csr, sums
from service.core.errors import InvalidQuery
from service.core.types import Floats, Ids

_BLOCK = 512
_WHOLE = 4000  # products up to which EASE keeps all its weights

Scorer = Callable[[Ids, Csr], Floats]
"""Places of B users among the trained ones (-1 for strangers) and their history csr[B, P] to scores float32[B, P]."""

BASELINES = ("popularity", "item_knn", "ease", "als", "lightfm", "svd", "nmf")


def baseline(name: str, trained: Trained) -> Scorer:
    """Train one of `BASELINES` with the configured parameters; histories count in full, without decay.

    Factor models fold strangers in as the service does: from the mean of the products they met (`fold_map`).
    """
    training = trained.runtime.params.training
    matrix = interaction_matrix(trained.data.data, largest=training.events.largest)
    if name == "popularity":
        counts = sums(matrix, 0).astype(np.float32)
        return lambda users, _: np.broadcast_to(counts, (len(users), len(counts)))
    if name in ("item_knn", "ease"):
        return _item_to_item(_weights(name, matrix, training, trained))
    make = factoriser(training.model_copy(update={"factoriser": name}))
    return _factors(matrix, make(matrix, trained.data.sides, seed=training.seed, threads=training.threads or 1))


def baseline_lists(
    name: str, score: Scorer, asked: Asked, rows: Ids, n: int, *, among: Mapping[int, Ids] | None = None
) -> Ids:
    """Places of each user's best `n` products, int64[len(rows), n], -1 where there are no more.

    Products already met are left out; equal scores go by internal key.

    Parameters
    ----------
    rows : places of the users in `asked`. among : row -> places of the only products to choose from.

    Raises
    ------
    InvalidQuery : a score is not a number.
    """
    lists = np.full((len(rows), n), -1, np.int64)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        history = asked.known[block]
        scores = np.array(score(asked.rows[block], history), dtype=np.float32)
        if not np.isfinite(scores).all():
            bad = int((~np.isfinite(scores)).any(1).sum())
            raise InvalidQuery(f"{name} gives {bad} users scores that are no numbers", code="not_numbers")
        scores[np.repeat(np.arange(len(block)), np.diff(history.indptr)), history.indices] = -np.inf
        if among is not None:
            for place, row in enumerate(block.tolist()):
                scores[place, np.setdiff1d(np.arange(scores.shape[1]), among[row])] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")[:, :n]
        order[~np.isfinite(np.take_along_axis(scores, order, 1))] = -1
        lists[start : start + len(block), : order.shape[1]] = order
    return lists


def _weights(name: str, matrix: Csr, training: Training, trained: Trained) -> Csr:
    size = matrix.shape[1]
    told = training.covisit.model_dump()
    if name == "ease" and size > _WHOLE and told["kind"] == "ease" and size == len(trained.artifacts.model.products):
        return trained.artifacts.model.weights["covisit"]  # the very same computation, minutes in a large catalogue
    kind = {"ease": "ease", "item_knn": "cosine"}[name]
    uncut = {"neighbours": size} if name == "ease" and size <= _WHOLE else {}
    return covisit(matrix, Covisit(**told | uncut | {"kind": kind}))


def _item_to_item(weights: Csr) -> Scorer:
    transposed = weights.T.tocsr()
    return lambda _, history: np.asarray((history @ transposed).toarray(), np.float32)


def _factors(matrix: Csr, found: Factors) -> Scorer:
    fold = fold_map(matrix, found)

    def score(users: Ids, history: Csr) -> Floats:
        counts = np.maximum(np.diff(history.indptr), 1)[:, None]
        folded = np.asarray(history @ found.items, np.float32) / counts @ fold
        if found.biased:
            folded[:, -1] = 1
        vectors = np.where((users >= 0)[:, None], found.users[users], folded)
        return np.asarray(vectors @ found.items.T, np.float32)

    return score
