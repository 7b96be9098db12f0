"""The vector store on a Qdrant server: one node or a cluster, shared by any number of processes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import structlog
from qdrant_client import QdrantClient, models

from config.qdrant import QdrantParams
from service.core.errors import Conflict, InvalidQuery, NotFound
from service.core.filters import Filter
from service.core.masking import without_password
from service.store import server_types as types
from service.store.breaker import Breaker
from service.store.qdrant_payload import by_payload, chunks, json_path, most_frequent
from service.store.server_connect import connect
from service.store.server_errors import guarded
from service.store.server_layout import collection_options, differing
from service.store.space_changes import check_same_slots
from service.store.vector_checks import check_facet, check_ids, check_points, check_query
from service.store.vector_ties import search_with_ties
from service.store.vectors import Hits, Listener, Point, Record, Space, VectorQuery

log = structlog.get_logger()

T = TypeVar("T")

TIMEOUT_S = 10.0
_PAUSE_S, _SLOW_S = 1.0, 2.0
WRITE_CHUNK = 256
OPERATIONS_PER_CALL = 500
_LAY_OUT_ANEW = "to have it as [qdrant] says: `vitrine index --rebuild` for products, `vitrine train` for a release"


class ServerStore:
    """`VectorStore` on a Qdrant server through qdrant-client.

    Parameters
    ----------
    url : ``http://host:6333``.
    api_key : sent with every call; over plain http it can be read on the way.
    prefer_grpc : use gRPC (one port above) where it answers, REST otherwise.
    timeout_s : seconds one call may take; `TIMEOUT_S` if left out.
    layout : of collections that it makes; None leaves it to the server.
    client : a client to use as it is, instead of connecting; the seam for tests.

    Raises
    ------
    DependencyUnavailable : nobody answers at `url` within a few seconds.
    ConfigurationError : `url` is no address, or the key is refused.

    Notes
    -----
    Vectors of cosine slots come back at unit length. A payload value of None is the same as a missing key.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        prefer_grpc: bool = True,
        timeout_s: float | None = None,
        layout: QdrantParams | None = None,
        client: QdrantClient | None = None,
    ) -> None:
        self._url = url
        self._client = client or connect(url, api_key, prefer_grpc, timeout_s or TIMEOUT_S)
        self._reading = Breaker(f"Qdrant at {without_password(url)}", _PAUSE_S, _SLOW_S)
        self._layout = layout
        self._oversampling = layout.oversampling if layout is not None and layout.quantization != "none" else None
        self._spaces: dict[str, Space] = {}
        self._listeners: list[Listener] = []

    def watch(self, listener: Listener) -> None:
        """See `VectorStore.watch`."""
        self._listeners.append(listener)

    def create(self, space: Space) -> None:
        """See `VectorStore.create`."""
        try:
            stored = self._read_space(space.name)
            self._compare_layout(space.name)
        except NotFound:
            stored = self._make(space)
        check_same_slots(stored, space)
        for field, kind in space.fields.items():
            if stored.fields.get(field) is not kind:
                self._call(
                    lambda field=field, kind=kind: self._client.create_payload_index(  # type: ignore[misc]
                        space.name, json_path(field), types.index_of(field, kind), wait=True
                    )
                )
        self._spaces[space.name] = space

    def drop(self, name: str) -> None:
        """See `VectorStore.drop`."""
        self._spaces.pop(name, None)
        self._call(lambda: self._client.delete_collection(name))
        self._tell(name, None)

    def names(self) -> list[str]:
        """See `VectorStore.names`."""
        return sorted(c.name for c in self._call(self._client.get_collections).collections)

    def space(self, name: str) -> Space:
        """The schema of a collection as the server describes it."""
        return self._read_space(name)

    def upsert(self, name: str, points: Sequence[Point]) -> None:
        """See `VectorStore.upsert`."""
        check_points(self._space(name), points)
        try:
            for chunk in chunks(points, WRITE_CHUNK):
                self._call(
                    lambda chunk=chunk: self._client.upsert(name, [types.point_struct(p) for p in chunk], wait=True)  # type: ignore[misc]
                )
        finally:  # some of it may have been written
            self._tell(name, [point.id for point in points])

    def set_payload(self, name: str, payloads: Mapping[int, Mapping[str, Any]]) -> None:
        """See `VectorStore.set_payload`; points that get equal payloads are written together."""
        self._space(name)
        check_ids(list(payloads))
        operations = [types.set_payload_operation(ids, payload) for payload, ids in by_payload(payloads)]
        for chunk in chunks(operations, OPERATIONS_PER_CALL):
            self._call(lambda chunk=chunk: self._client.batch_update_points(name, chunk, wait=True))  # type: ignore[misc]

    def delete(self, name: str, ids: Sequence[int]) -> None:
        """See `VectorStore.delete`."""
        self._space(name)
        check_ids(ids)
        if ids:
            chosen = models.PointIdsList(points=[int(i) for i in ids])
            try:
                self._call(lambda: self._client.delete(name, chosen, wait=True))
            finally:
                self._tell(name, ids)

    def search(self, name: str, queries: Sequence[VectorQuery]) -> list[Hits]:
        """See `VectorStore.search`; of more than a thousand equal scores at the cut, the server chooses."""
        space = self._space(name)
        for query in queries:
            check_query(space, query)

        def ask(wanted: Sequence[VectorQuery]) -> list[Hits]:
            requests = [types.query_request(query, self._oversampling) for query in wanted]
            answers = self._read(lambda: self._client.query_batch_points(name, requests))
            return [types.hits(answer.points) for answer in answers]

        return search_with_ties(ask, queries)

    def retrieve(
        self, name: str, ids: Sequence[int], *, payload: bool | Sequence[str] = False, vectors: Sequence[str] = ()
    ) -> dict[int, Record]:
        """See `VectorStore.retrieve`."""
        self._space(name)
        check_ids(ids)
        if not ids:
            return {}
        found = self._read(
            lambda: self._client.retrieve(
                name,
                [int(i) for i in ids],
                with_payload=types.payload_selection(payload),
                with_vectors=list(vectors) or False,
            )
        )
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
        self._space(name)
        if batch < 1:
            raise InvalidQuery(f"batch must be 1 or more, got {batch}")
        condition, selection = types.server_filter(filter), types.payload_selection(payload)

        def page(first: Any) -> tuple[list[models.Record], Any]:
            return self._read(
                lambda: self._client.scroll(
                    name,
                    scroll_filter=condition,
                    limit=batch,
                    offset=first,
                    with_payload=selection,
                    with_vectors=list(vectors) or False,
                )
            )

        def pages() -> Iterator[Record]:
            found, following = page(None)
            yield from map(types.record, found)
            while following is not None:
                found, following = page(following)
                yield from map(types.record, found)

        return pages()

    def count(self, name: str, filter: Filter | None = None) -> int:
        """See `VectorStore.count`."""
        condition = types.server_filter(filter)
        return int(self._read(lambda: self._client.count(name, condition, exact=True)).count)

    def facet(self, name: str, field: str, *, filter: Filter | None = None, limit: int = 100) -> list[tuple[Any, int]]:
        """See `VectorStore.facet`."""
        check_facet(self._space(name).fields, field)
        condition = types.server_filter(filter)
        found = self._read(
            lambda: self._client.facet(name, json_path(field), facet_filter=condition, limit=limit, exact=True)
        )
        return most_frequent([(hit.value, hit.count) for hit in found.hits])

    def optimize(self, name: str) -> None:
        """See `VectorStore.optimize`; a server does this by itself, all the time."""
        self._space(name)

    def close(self) -> None:
        """See `VectorStore.close`."""
        self._client.close()

    def _make(self, space: Space) -> Space:
        try:
            self._call(lambda: self._client.create_collection(space.name, **collection_options(space, self._layout)))
        except (Conflict, InvalidQuery):
            # another process may have been quicker
            if space.name not in self.names():
                raise
        return self._read_space(space.name)

    def _compare_layout(self, name: str) -> None:
        if others := differing(self._call(lambda: self._client.get_collection(name)), self._layout):
            log.warning("collection_laid_out_otherwise", collection=name, differs="; ".join(others), do=_LAY_OUT_ANEW)

    def _space(self, name: str) -> Space:
        """The schema of a collection, asked for once: slots and dimensions of a collection never change."""
        if name not in self._spaces:
            self._spaces[name] = self._read_space(name)
        return self._spaces[name]

    def _read_space(self, name: str) -> Space:
        return types.space_of(name, self._call(lambda: self._client.get_collection(name)))

    def _tell(self, name: str, ids: Sequence[int] | None) -> None:
        for listener in self._listeners:
            listener(name, ids)

    def _read(self, call: Callable[[], T]) -> T:
        """What shoppers wait for: refused at once while the server does not answer."""
        return self._reading.call(lambda: guarded(self._url, call))

    def _call(self, call: Callable[[], T]) -> T:
        return guarded(self._url, call)
