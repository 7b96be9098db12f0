"""Queries for each vector slot that lie where real ones do, without a model or a shopper."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.core.errors import InvalidQuery
from service.core.types import Floats, SparseVector
from service.store.spaces import PRODUCTS, behaviour_name, users_name
from service.store.vectors import DenseOrSparse, Record, VectorStore

_NOISE = 0.1
_WORDS = 3  # of a lexical query
_HISTORY = 10  # products a shopper looked at lately


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Queries to one slot of one collection."""

    collection: str
    slot: str
    is_sparse: bool
    vectors: Sequence[DenseOrSparse]


def live_probes(store: VectorStore, release: str | None, count: int, seed: int = 0) -> list[Probes]:
    """At most `count` queries for every slot that holds vectors, of the products and of a release.

    - text, image: stored vectors with a little noise, so that never a stored point itself is asked for;
    - cf: stored vectors of users; - lexical: some words of a product, all of equal weight;
    - covisit, sequence, association: a history of some products that others go with.
    """
    rng = np.random.default_rng(seed)
    probes = [_noisy(store, PRODUCTS, slot, count, rng) for slot in ("text", "image")]
    probes.append(_parts(store, PRODUCTS, "lexical", count, _WORDS, rng))
    if release is not None:
        behaviour = behaviour_name(release)
        users = _some(store, users_name(release), "cf", count, rng)
        probes.append(Probes(behaviour, "cf", False, users))
        probes += [_parts(store, behaviour, s, count, _HISTORY, rng) for s in ("covisit", "sequence", "association")]
    return [each for each in probes if each.vectors]


def _noisy(store: VectorStore, collection: str, slot: str, count: int, rng: np.random.Generator) -> Probes:
    stored = _some(store, collection, slot, count, rng)
    return Probes(collection, slot, False, [_with_noise(vector, rng) for vector in stored])


def _with_noise(vector: DenseOrSparse, rng: np.random.Generator) -> Floats:
    dense = np.asarray(vector, np.float32)
    noise = rng.normal(size=len(dense)).astype(np.float32)
    return dense + _NOISE * noise / np.linalg.norm(noise)


def _parts(store: VectorStore, collection: str, slot: str, count: int, length: int, rng: np.random.Generator) -> Probes:
    """Queries with weight 1 on some indices that stored vectors have."""
    stored = [v for v in _some(store, collection, slot, count, rng) if isinstance(v, SparseVector) and len(v.indices)]
    vectors = []
    for first in range(len(stored)):
        # words of one product; products of several histories, for one point may know but one
        own = (
            stored[first : first + 1]
            if slot == "lexical"
            else [stored[(first + more) % len(stored)] for more in range(length)]
        )
        known = np.unique(np.concatenate([vector.indices for vector in own]))
        chosen = rng.choice(known, min(length, len(known)), replace=False)
        vectors.append(SparseVector(np.sort(chosen).astype(np.uint32), np.ones(len(chosen), np.float32)))
    return Probes(collection, slot, True, vectors)


def _some(store: VectorStore, collection: str, slot: str, count: int, rng: np.random.Generator) -> list[DenseOrSparse]:
    ids = np.array([record.id for record in store.scroll(collection)], np.int64)
    chosen = rng.permutation(ids)
    found: list[DenseOrSparse] = []
    for first in range(0, len(chosen), count):
        try:
            records = store.retrieve(collection, chosen[first : first + count].tolist(), vectors=(slot,))
        except InvalidQuery:
            return []  # the collection was made without this slot, as where there is no picture model
        found += [vector for record in records.values() if (vector := _vector(record, slot)) is not None]
        if len(found) >= count or not found:
            break
    return found[:count]


def _vector(record: Record, slot: str) -> DenseOrSparse | None:
    vector = record.vectors.get(slot)
    is_empty = isinstance(vector, SparseVector) and not len(vector.indices)
    return None if is_empty else vector
