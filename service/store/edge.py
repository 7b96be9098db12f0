"""The embedded vector store: Qdrant's engine in this process, one folder, no server."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import Any

import structlog

from config.qdrant import QdrantParams
from service.core.errors import ConfigurationError, DependencyUnavailable, InvalidQuery, NotFound
from service.core.filters import Filter
from service.store import edge_types as types
from service.store.edge_collection import EdgeCollection
from service.store.edge_folder import (
    Note,
    collection_names,
    is_name,
    lock_folder,
    need_space,
    remove_collection,
    remove_leftovers,
    write_back,
    write_note,
)
from service.store.edge_make import make_shard, make_shard_apart
from service.store.qdrant_payload import by_payload, chunks, most_frequent
from service.store.vector_checks import check_facet, check_ids, check_points, check_query
from service.store.vector_ties import search_with_ties
from service.store.vectors import Hits, Listener, Point, Record, Space, VectorQuery

log = structlog.get_logger()

# the engine's own default: below 20 MB per slot (13,000 x 384) exact search takes half a millisecond (measured)
INDEXING_THRESHOLD_KB = 20_000
# requests wait while the engine writes: 128 points x 384 take some 3 ms (measured)
WRITE_CHUNK = 128
PAYLOAD_CHUNK = 1000


class EdgeStore:
    """`VectorStore` on Qdrant Edge.

    Parameters
    ----------
    folder : one folder per shop; made if missing. One process at a time can use it.
    indexing_threshold_kb : vectors of one slot, in KB, above which `optimize` builds an HNSW graph.
    layout : of collections that it makes; one shard without copies, whatever it says of them.

    Raises
    ------
    ConfigurationError : another process uses the folder, or it cannot be written.

    Notes
    -----
    Vectors of cosine slots come back at unit length. A payload value of None is the same as a missing key.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from service.store.vectors import Dense
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = EdgeStore(Path(folder))
    ...     store.create(Space("products", {"text": Dense(2)}))
    ...     store.upsert("products", [Point(7, {"text": np.array([3, 4], np.float32)}, {"brand": "LG"})])
    ...     hits = store.search("products", [VectorQuery("text", np.array([1, 0], np.float32), limit=5)])[0]
    ...     store.close()
    >>> hits.ids.tolist(), round(float(hits.scores[0]), 2)
    ([7], 0.6)
    """

    def __init__(
        self,
        folder: Path,
        *,
        indexing_threshold_kb: int = INDEXING_THRESHOLD_KB,
        layout: QdrantParams | None = None,
    ) -> None:
        self._folder = folder
        self._threshold_kb = indexing_threshold_kb
        self._lock_file = lock_folder(folder)
        self._layout = layout
        self._oversampling = layout.oversampling if layout is not None and layout.quantization != "none" else None
        if layout is not None and (layout.shard_number > 1 or layout.replication_factor > 1):
            log.warning("embedded_engine_is_one_shard_without_copies", ignored="shard_number, replication_factor")
        self._collections: dict[str, EdgeCollection] = {}
        self._opening = threading.RLock()
        self._listeners: list[Listener] = []
        self._closed = False

    def watch(self, listener: Listener) -> None:
        """See `VectorStore.watch`."""
        self._listeners.append(listener)

    def create(self, space: Space) -> None:
        """See `VectorStore.create`."""
        if not is_name(space.name):
            raise ConfigurationError(
                f"a collection name has 1 to 128 letters, digits, '_' or '-', got {space.name!r}; choose another"
            )
        with self._opening:
            if space.name not in self.names():
                self._make(space)
            self._open(space.name).adopt(space)

    def drop(self, name: str) -> None:
        """See `VectorStore.drop`."""
        with self._opening:
            if name not in self.names():
                return
            collection = self._collections.pop(name, None)
            if collection is not None:
                write_back(self._folder / name)  # closing waits for the disk, and everybody for it
                collection.close()
            remove_collection(self._folder / name)
        self._tell(name, None)

    def names(self) -> list[str]:
        """See `VectorStore.names`."""
        self._check_open()
        return sorted(collection_names(self._folder))

    def space(self, name: str) -> Space:
        """The schema of a collection as it is stored."""
        return self._open(name).space

    def upsert(self, name: str, points: Sequence[Point]) -> None:
        """See `VectorStore.upsert`; nothing is written if one point does not fit."""
        collection = self._open(name)
        check_points(collection.space, points)
        try:
            for operation, count in [(types.upserted(chunk), len(chunk)) for chunk in chunks(points, WRITE_CHUNK)]:
                collection.write([operation], count)
        finally:  # some of it may have been written
            self._tell(name, [point.id for point in points])

    def set_payload(self, name: str, payloads: Mapping[int, Mapping[str, Any]]) -> None:
        """See `VectorStore.set_payload`; points that get equal payloads are written together."""
        collection = self._open(name)
        check_ids(list(payloads))
        with collection.locked():
            # the engine refuses, half-way, an operation on a point it does not have
            known = set(collection.existing(list(payloads)))
            operations = [
                (types.payload_set(part, payload), len(part))
                for payload, ids in by_payload({i: payload for i, payload in payloads.items() if i in known})
                for part in chunks(ids, PAYLOAD_CHUNK)
            ]
            for operation, count in operations:
                collection.write([operation], count)

    def delete(self, name: str, ids: Sequence[int]) -> None:
        """See `VectorStore.delete`."""
        collection = self._open(name)
        check_ids(ids)
        try:
            for chunk in chunks(ids, PAYLOAD_CHUNK):
                collection.write([types.deleted(chunk)], len(chunk))
        finally:
            self._tell(name, ids)

    def search(self, name: str, queries: Sequence[VectorQuery]) -> list[Hits]:
        """See `VectorStore.search`; of more than a thousand equal scores at the cut, the engine chooses."""
        collection = self._open(name)
        for query in queries:
            check_query(collection.space, query)

        queries = [replace(query, filter=collection.everywhere.needed(query.filter)) for query in queries]

        def ask(wanted: Sequence[VectorQuery]) -> list[Hits]:
            request = types.batch_request(wanted, self._oversampling)
            return [types.hits(found) for found in collection.read(lambda shard: shard.query_batch(request))]

        return search_with_ties(ask, queries)

    def retrieve(
        self, name: str, ids: Sequence[int], *, payload: bool | Sequence[str] = False, vectors: Sequence[str] = ()
    ) -> dict[int, Record]:
        """See `VectorStore.retrieve`."""
        collection = self._open(name)
        check_ids(ids)
        wanted: list[Any] = [int(i) for i in ids]
        selection = types.payload_selection(payload)
        found = collection.read(lambda shard: shard.retrieve(wanted, selection, list(vectors)))
        return {record.id: record for record in map(types.record, found)}

    def scroll(
        self,
        name: str,
        *,
        filter: Filter | None = None,
        payload: bool | Sequence[str] = False,
        vectors: Sequence[str] = (),
        batch: int = 1000,
    ) -> Iterator[Record]:
        """See `VectorStore.scroll`."""
        collection = self._open(name)
        if batch < 1:
            raise InvalidQuery(f"batch must be 1 or more, got {batch}")
        page = types.guarded(lambda: types.page_request(batch, filter, payload, vectors))

        def pages() -> Iterator[Record]:
            request = page(None)
            while True:
                found, following = collection.read(lambda shard, request=request: shard.scroll(request))  # type: ignore[misc]
                yield from map(types.record, found)
                if following is None:
                    return
                request = page(int(following))

        return pages()

    def count(self, name: str, filter: Filter | None = None) -> int:
        """See `VectorStore.count`."""
        request = types.guarded(lambda: types.count_request(filter))
        return self._open(name).read(lambda shard: shard.count(request))

    def facet(self, name: str, field: str, *, filter: Filter | None = None, limit: int = 100) -> list[tuple[Any, int]]:
        """See `VectorStore.facet`."""
        collection = self._open(name)
        check_facet(collection.space.fields, field)
        request = types.guarded(lambda: types.facet_request(field, filter, limit))
        found = collection.read(lambda shard: shard.facet(request))
        return most_frequent([(hit.value, hit.count) for hit in found.hits])

    def optimize(self, name: str) -> None:
        """See `VectorStore.optimize`."""
        self._open(name).optimize()

    def close(self) -> None:
        """See `VectorStore.close`."""
        with self._opening:
            if self._closed:
                return
            self._closed = True
            for collection in self._collections.values():
                collection.close()
            self._collections.clear()
            self._lock_file.close()

    def _tell(self, name: str, ids: Sequence[int] | None) -> None:
        for listener in self._listeners:
            listener(name, ids)

    def _open(self, name: str) -> EdgeCollection:
        collection = self._collections.get(name)
        if collection is not None:
            return collection
        with self._opening:
            self._check_open()
            if not is_name(name):
                raise NotFound(f"collection {name!r} does not exist")
            if name not in self._collections:
                self._collections[name] = EdgeCollection(self._folder / name, self._threshold_kb)
            return self._collections[name]

    def _make(self, space: Space) -> None:
        need_space(self._folder)
        collection, note = self._folder / space.name, Note(space)
        remove_leftovers(collection, None)
        # a name of its own: if we are killed, the child may go on for a moment
        unfinished = collection / f"making-{token_hex(4)}"
        unfinished.mkdir(parents=True)
        # where a collection is open already, somebody may wait for answers from it
        make = make_shard_apart if self._collections else make_shard
        make(unfinished, space, self._threshold_kb, self._layout)
        unfinished.rename(note.shard_folder(collection))
        write_note(collection, note)  # from here on it exists: a kill before harms nothing

    def _check_open(self) -> None:
        if self._closed:
            raise DependencyUnavailable(f"the vector folder {self._folder} was closed; open it again")
