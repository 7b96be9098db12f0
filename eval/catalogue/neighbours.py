"""Pairs of products whose vectors are nearly the same, found through the index's own search graph."""

from collections.abc import Callable, Sequence

import numpy as np

from service.core.filters import Match, all_of
from service.core.types import Floats, Ids
from service.store.spaces import PRODUCTS
from service.store.vectors import VectorQuery, VectorStore

NEIGHBOURS = 20  # looked at per product: of more copies, each is still linked to some others
_BATCH = 64


def near_pairs(
    store: VectorStore,
    slot: str,
    ids: Sequence[int],
    *,
    tenant: str,
    cosine: float,
    ef: int | None = None,
    on_progress: Callable[[float], None] = lambda _: None,
) -> tuple[int, Ids]:
    """How many of `ids` have a vector in `slot`, and the pairs int64[E, 2] at least `cosine` alike, each once.

    Parameters
    ----------
    ids : products whose neighbours are looked up; the other half of a pair may be any product of the tenant.
    """
    own = all_of(Match("tenant", (tenant,)))
    looked_at, found = 0, [np.empty((0, 2), np.int64)]
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        records = store.retrieve(PRODUCTS, batch, vectors=(slot,))
        vectors = {key: np.asarray(r.vectors[slot]) for key, r in records.items() if slot in r.vectors}
        looked_at += len(vectors)
        queries = [VectorQuery(slot, vector, NEIGHBOURS + 1, own, ef=ef) for vector in vectors.values()]
        for key, hits in zip(vectors, store.search(PRODUCTS, queries) if queries else (), strict=True):
            found.append(_pairs(key, hits.ids, hits.scores, cosine))
        on_progress(len(batch))
    return looked_at, np.unique(np.concatenate(found), axis=0)


def _pairs(key: int, ids: Ids, scores: Floats, cosine: float) -> Ids:
    near = ids[(scores >= cosine) & (ids != key)]
    return np.stack([np.minimum(near, key), np.maximum(near, key)], axis=1)
