"""Single models as plain arrays, trained on what the release was trained on: what the service has to beat."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from config.training import Training
from eval.offline.shop import Trained
from eval.offline.split import Split
from indexer.release.learn import factoriser
from indexer.train.covisit import Covisit, covisit
from indexer.train.data import interaction_matrix
from indexer.train.matrix import Csr, csr, sums
from service.core.types import DEFAULT_TENANT, Floats, Ids

_BLOCK = 512
_WHOLE = 4000  # products up to which EASE keeps all its weights

Scorer = Callable[[Ids, Csr], Floats]
"""Places of B users and their history csr[B, P] to scores float32[B, P]."""

BASELINES = ("popularity", "item_knn", "ease", "als", "lightfm", "svd", "nmf")


def baseline(name: str, trained: Trained) -> Scorer:
    """Train one of `BASELINES` with the configured parameters; histories count in full, without decay."""
    training = trained.runtime.params.training
    matrix = interaction_matrix(trained.data.data, largest=training.events.largest)
    if name == "popularity":
        counts = sums(matrix, 0).astype(np.float32)
        return lambda users, _: np.broadcast_to(counts, (len(users), len(counts)))
    if name in ("item_knn", "ease"):
        return _item_to_item(_weights(name, matrix, training, trained))
    return _factors(name, matrix, training, trained)


def baseline_rankings(score: Scorer, trained: Trained, split: Split, users: Sequence[str], n: int) -> list[list[str]]:
    """External ids of each user's best `n` products, those already met left out; equal scores by internal key."""
    products = trained.data.products
    names = {key: external_id for external_id, key in trained.keys.items()}
    history, places = _histories(trained, split, users), _user_places(trained, users)
    rankings = []
    for start in range(0, len(users), _BLOCK):
        block = history[start : start + _BLOCK]
        scores = np.array(score(places[start : start + _BLOCK], block), dtype=np.float32)
        rows = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
        scores[rows, block.indices] = -np.inf
        rankings += [[names[int(products[place])] for place in row] for row in _best(scores, n)]
    return rankings


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


def _factors(name: str, matrix: Csr, training: Training, trained: Trained) -> Scorer:
    make = factoriser(training.model_copy(update={"factoriser": name}))
    found = make(matrix, trained.data.sides, seed=training.seed, threads=training.threads or 1)
    return lambda users, _: np.asarray(found.users[users] @ found.items.T, np.float32)


def _histories(trained: Trained, split: Split, users: Sequence[str]) -> Csr:
    """csr[users, P], 1 for each product met before being asked."""
    row_of = {user: row for row, user in enumerate(users)}
    pairs = {
        (row_of[event.user], trained.keys[event.product])
        for event in (*split.train, *split.later)
        if event.user in row_of and event.product is not None
    }
    rows, keys = (np.array(column, np.int64) for column in zip(*sorted(pairs), strict=True))
    shape = (len(users), len(trained.data.products))
    return csr(rows, np.searchsorted(trained.data.products, keys), np.ones(len(rows)), shape)


def _user_places(trained: Trained, users: Sequence[str]) -> Ids:
    from service.store.users import user_ids

    with trained.runtime.database.session() as session:
        keys = user_ids(session, DEFAULT_TENANT, users)
    return np.searchsorted(trained.data.users, np.array([keys[user] for user in users], np.int64))


def _best(scores: Floats, n: int) -> Iterator[list[int]]:
    order = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    for row, places in zip(scores, order, strict=True):
        yield [int(place) for place in places if np.isfinite(row[place])]
