"""What must hold of a release before it may answer; each check returns what is wrong, in words."""

from collections.abc import Iterator, Sequence

import numpy as np

from config.training import Checks
from indexer.release.artifacts import Artifacts
from indexer.release.model import SLOTS
from indexer.train.matrix import csr
from service.core.types import Floats, Ids, SparseVector
from service.store.spaces import behaviour_name, users_name
from service.store.vectors import Hits, VectorQuery, VectorStore

_CLOSE = 1e-4  # of the largest score: both sides add up in single precision, in another order
_TOP = 100
_HISTORY = 10


def array_problems(artifacts: Artifacts) -> Iterator[str]:
    """Whether all numbers are numbers and all shapes fit."""
    model = artifacts.model
    size = model.items.shape[1] if model.items.ndim == 2 else 0
    if not (len(model.products) and size):
        yield "it holds no product vectors"
    if model.items.shape != (len(model.products), size) or artifacts.user_vectors.shape != (len(artifacts.users), size):
        yield f"vectors of products {model.items.shape} and users {artifacts.user_vectors.shape} do not fit together"
    if model.fold.shape != (size, size):
        yield f"users would be folded in with {model.fold.shape}, vectors have {size} dimensions"
    arrays = {"items": model.items, "users": artifacts.user_vectors, "fold": model.fold}
    arrays |= {slot: model.weights[slot].data for slot in SLOTS}
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            yield f"{name} holds {int((~np.isfinite(array)).sum())} values that are NaN or infinite"


def store_problems(store: VectorStore, artifacts: Artifacts, products: int, checks: Checks, seed: int) -> Iterator[str]:
    """Whether what was written is there and is found as arithmetic says.

    Parameters
    ----------
    products : points written; products deleted since training are not.
    """
    behaviour, users = behaviour_name(artifacts.id), users_name(artifacts.id)
    for name, wanted in ((behaviour, products), (users, len(artifacts.users))):
        if (found := store.count(name)) != wanted:
            yield f"{name} holds {found} points instead of {wanted}"
            return
    random = np.random.default_rng(seed)
    there = np.isin(artifacts.model.products, [record.id for record in store.scroll(behaviour)])
    vectors = _user_sample(store, artifacts, checks.sample, random)
    exact = store.search(behaviour, [VectorQuery("cf", vector, _TOP, exact=True) for vector in vectors])
    yield from _order_problems(artifacts, there, vectors, exact)
    yield from _recall_problems(store, behaviour, vectors, exact, checks)
    for slot in SLOTS:
        yield from _sparse_problems(store, artifacts, there, slot, checks.sample, random)


def _user_sample(store: VectorStore, artifacts: Artifacts, n: int, random: np.random.Generator) -> list[Floats]:
    """Vectors of some users as they are stored; of products where there are no users."""
    if not len(artifacts.users):
        return list(random.choice(artifacts.model.items, min(n, len(artifacts.model.items)), replace=False))
    chosen = random.choice(artifacts.users, min(n, len(artifacts.users)), replace=False).tolist()
    records = store.retrieve(users_name(artifacts.id), chosen, vectors=("cf",))
    return [np.asarray(records[user].vectors["cf"], np.float32) for user in chosen]


def _order_problems(
    artifacts: Artifacts, there: np.ndarray, vectors: Sequence[Floats], found: Sequence[Hits]
) -> Iterator[str]:
    """The law: Qdrant's order by dot product is the factoriser's order."""
    model = artifacts.model
    inversions = sum(
        _inversions(hits, model.products[there], model.items[there].astype(np.float64) @ vector)
        for vector, hits in zip(vectors, found, strict=True)
    )
    if inversions:
        yield f"the order of cf differs from the factoriser's in {inversions} places of {len(vectors)} lists"


def _inversions(hits: Hits, products: Ids, scores: np.ndarray) -> int:
    """Neighbours in the wrong order, and products left out though they score higher than the last one found."""
    close = _CLOSE * max(float(np.abs(scores).max(initial=0.0)), 1e-12)
    place = np.searchsorted(products, hits.ids)
    ours = scores[place]
    wrong = int((np.diff(ours) > close).sum())
    rest = np.delete(scores, place)
    return wrong + (int((rest > ours[-1] + close).sum()) if len(ours) else len(rest))


def _recall_problems(
    store: VectorStore, name: str, vectors: Sequence[Floats], exact: Sequence[Hits], checks: Checks
) -> Iterator[str]:
    found = store.search(name, [VectorQuery("cf", vector, _TOP) for vector in vectors])
    shares = [np.isin(truth.ids, hits.ids).mean() for truth, hits in zip(exact, found, strict=True) if len(truth.ids)]
    recall = float(np.mean(shares)) if shares else 1.0
    if recall < checks.recall_floor:
        yield f"approximate search finds {recall:.3f} of the nearest products, at least {checks.recall_floor} is wanted"


def _sparse_problems(
    store: VectorStore, artifacts: Artifacts, there: np.ndarray, slot: str, n: int, random: np.random.Generator
) -> Iterator[str]:
    """Whether the sparse index scores some random histories as the matrix does."""
    model = artifacts.model
    weights = model.weights[slot]
    sources = np.unique(weights.indices)
    if not len(sources):
        return
    wrong = 0
    histories = [random.choice(sources, min(_HISTORY, len(sources)), replace=False) for _ in range(n)]
    given = [np.linspace(1, 0.1, len(history), dtype=np.float32) for history in histories]
    queries = [
        VectorQuery(slot, SparseVector(model.products[h].astype(np.uint32), values), _TOP)
        for h, values in zip(histories, given, strict=True)
    ]
    found = store.search(behaviour_name(artifacts.id), queries)
    for history, values, hits in zip(histories, given, found, strict=True):
        row = csr(np.zeros(len(history), np.int64), history, values, (1, len(model.products)))
        scores = np.where(there, (row @ weights.T).toarray()[0], -np.inf)
        wrong += not _same_scores(hits, model.products, scores)
    if wrong:
        yield f"{slot} scores differ from the trained ones for {wrong} of {n} histories"


def _same_scores(hits: Hits, products: Ids, scores: np.ndarray) -> bool:
    close = _CLOSE * max(float(np.abs(scores[np.isfinite(scores)]).max(initial=0.0)), 1e-12)
    ours = scores[np.searchsorted(products, hits.ids)]
    best = np.sort(scores[np.isfinite(scores) & (scores > 0)])[::-1][: len(hits.ids)]
    positive = hits.scores[hits.scores > 0]
    return bool(
        np.allclose(ours, hits.scores, atol=close, rtol=0)
        and len(positive) == len(best)
        and np.allclose(np.sort(positive)[::-1], best, atol=close, rtol=0)
    )
