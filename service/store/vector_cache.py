"""Vectors by product, kept in memory: profiles, diversity and searches ask for the same thousands again and again."""

import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.core.errors import DependencyUnavailable, NotFound
from service.core.types import Floats, Ids, SparseVector, Vector
from service.store.vectors import VectorStore

_Kept = dict[int, NDArray[Any] | None]  # of a sparse vector its indices; None: it is known to have no such vector


class VectorCache:
    """Reads through to a store; what this process writes there is forgotten at once.

    Parameters
    ----------
    most : vectors kept per slot; when there are more, all are forgotten.
    max_age_s : where other processes write as well, everything is forgotten so often; None: nobody else does.

    Attributes
    ----------
    is_answered : whether the store answered the last time it was asked.
    """

    def __init__(self, store: VectorStore, most: int, max_age_s: float | None) -> None:
        self._store = store
        self._most = most
        self._max_age_s = max_age_s
        self._kept: dict[tuple[str, str], _Kept] = defaultdict(dict)
        self._changes = 0
        self._emptied = time.monotonic()
        # of all vectors asked for so far; threads may lose a few of each other's counts, a lock would cost more
        self.hits = self.misses = 0
        self.is_answered = True
        store.watch(self._forget)

    def vectors(self, collection: str, slot: str, ids: Ids) -> tuple[Floats, Ids]:
        """Vectors float32[M, D] of those products of `ids` int64[C] that have one, and their places in `ids`, int64[M].

        A collection that is not there has none, and while the store does not answer only kept ones are known.
        """
        wanted = ids.tolist()
        known = self._known(collection, slot, wanted)
        places = [place for place, product in enumerate(wanted) if known[product] is not None]
        rows = [vector for product in wanted if (vector := known[product]) is not None]
        return np.stack(rows) if rows else np.empty((0, 0), np.float32), np.array(places, np.int64)

    def indices(self, collection: str, slot: str, ids: Ids) -> list[NDArray[np.uint32]]:
        """Of each of `ids` int64[C] where its sparse vector is not 0; empty where none is known."""
        wanted = ids.tolist()
        known = self._known(collection, slot, wanted)
        nothing = np.empty(0, np.uint32)
        return [nothing if (found := known[product]) is None else found for product in wanted]

    def _known(self, collection: str, slot: str, wanted: Sequence[int]) -> _Kept:
        is_old = self._max_age_s is not None and time.monotonic() - self._emptied > self._max_age_s
        if is_old and self.is_answered:  # old ones are better than none
            self._empty()
        kept = self._kept[collection, slot]
        known = {product: kept[product] for product in wanted if product in kept}
        self.hits += len(known)
        self.misses += len(wanted) - len(known)
        if missing := [product for product in wanted if product not in known]:
            known |= self._read(collection, slot, missing)
        return known

    def _read(self, collection: str, slot: str, ids: Sequence[int]) -> _Kept:
        before = self._changes
        try:
            records = self._store.retrieve(collection, ids, vectors=(slot,))
        except (DependencyUnavailable, NotFound) as error:
            # a store that is away, or a release that is gone under the service: requests go on without its vectors
            self.is_answered = isinstance(error, NotFound)
            return dict.fromkeys(ids)
        self.is_answered = True
        found = {product: records[product].vectors.get(slot) for product in ids if product in records}
        read: _Kept = {product: _kept_of(found.get(product)) for product in ids}
        # what was written while we read may be newer than what we read
        if before == self._changes:
            kept = self._kept[collection, slot]
            if len(kept) + len(read) > self._most:
                self._kept[collection, slot] = kept = {}
            kept.update(read)
        return read

    def _forget(self, collection: str, ids: Sequence[int] | None) -> None:
        """These points were written or deleted; None: the whole collection is gone."""
        self._changes += 1
        for name, slot in list(self._kept):
            if name == collection and ids is None:
                del self._kept[name, slot]
            elif name == collection:
                for product in ids or ():
                    self._kept[name, slot].pop(product, None)

    def _empty(self) -> None:
        self._changes += 1
        self._kept = defaultdict(dict)
        self._emptied = time.monotonic()


def _kept_of(vector: Vector | None) -> NDArray[Any] | None:
    return vector.indices if isinstance(vector, SparseVector) else vector
