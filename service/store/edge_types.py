"""The only module that imports qdrant_edge: our types into the engine's, its answers and errors into ours."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import qdrant_edge as engine

from config.qdrant import QdrantParams
from service.core.errors import ConfigurationError, DependencyUnavailable, InvalidQuery, NotFound, RecommenderError
from service.core.fields import FieldKind
from service.core.filters import Condition, Filter, HasId, Match, Range
from service.core.types import SparseVector
from service.store.qdrant_payload import field_name, json_path, one_bound_per_side, without_nulls
from service.store.vectors import DenseOrSparse, Hits, Point, Record, Space, VectorQuery

EdgeShard = engine.EdgeShard
Operation = engine.UpdateOperation

T = TypeVar("T")
CLOSING_TRIES = 500
_DISTANCES = {"cosine": engine.Distance.Cosine, "dot": engine.Distance.Dot}
_INDEXES = {
    FieldKind.KEYWORD: engine.PayloadSchemaType.Keyword,
    FieldKind.INTEGER: engine.PayloadSchemaType.Integer,
    FieldKind.FLOAT: engine.PayloadSchemaType.Float,
    FieldKind.BOOL: engine.PayloadSchemaType.Bool,
}


def guarded(call: Callable[[], T]) -> T:
    """Run one engine call; its errors, which are bare exceptions with a text, become ours."""
    try:
        return call()
    except RecommenderError:
        raise
    # the engine raises bare Exception, and a Rust panic is not even that
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit | MemoryError):
            raise
        raise translated(error) from error


def translated(error: BaseException) -> RecommenderError:
    """The error of ours that an engine's text means.

    Examples
    --------
    >>> translated(Exception("Vector dimension error: expected dim: 3, got 2")).code
    'invalid_query'
    """
    text = str(error)
    if "WouldBlock" in text:
        return ConfigurationError(
            "the vector folder is in use by another process; stop it or choose another --data-dir"
        )
    if re.search("no space left|disk (is )?full|StorageFull", text, re.IGNORECASE):
        return DependencyUnavailable(f"the disk of the vector folder is full ({text}); free some space and try again")
    # the second when a read is cut off by the closing itself
    if "not initialized" in text or "mutably borrowed" in text:
        return NotFound("the collection was closed or dropped meanwhile; ask again")
    if isinstance(error, TypeError | ValueError | OverflowError) or re.search(
        "dimension error|vector name error|Wrong usage|No appropriate index|JSON path", text
    ):
        return InvalidQuery(f"the vector engine refuses this: {text}")
    return DependencyUnavailable(f"the embedded vector engine failed: {text}")


def is_stuck(error: RecommenderError) -> bool:
    """Whether the engine refuses to write because an earlier write failed."""
    return "Not recovered from previous error" in error.message


def create_shard(
    folder: Path, space: Space, indexing_threshold_kb: int, layout: QdrantParams | None = None
) -> EdgeShard:
    """Make an empty shard with the vector slots of `space` in an empty folder.

    Parameters
    ----------
    layout : what is quantised or on disk; shards and copies there are none. None leaves it to the engine.
    """
    on_disk = None if layout is None else layout.vectors_on_disk
    config = engine.EdgeConfig(
        vectors={
            slot: engine.EdgeVectorParams(
                d.size, _DISTANCES[d.distance], on_disk=on_disk, quantization_config=_quantization(d.size, layout)
            )
            for slot, d in space.dense.items()
        },
        sparse_vectors={
            slot: engine.EdgeSparseVectorParams(modifier=engine.Modifier.Idf if sparse.idf else None, on_disk=on_disk)
            for slot, sparse in space.sparse.items()
        },
        on_disk_payload=None if layout is None else layout.payload_on_disk,
        hnsw_config=_graph(layout),
        optimizers=engine.EdgeOptimizersConfig(indexing_threshold=indexing_threshold_kb),
    )
    return guarded(lambda: EdgeShard.create(str(folder), config))


def _quantization(dimensions: int, layout: QdrantParams | None) -> Any:
    if layout is None or not layout.quantizes(dimensions):
        return None
    if layout.quantization == "binary":
        return engine.BinaryQuantizationConfig(layout.quantized_in_memory)
    # the outermost hundredth of values is cut off: they would coarsen all others
    return engine.ScalarQuantizationConfig(engine.ScalarType.Int8, 0.99, layout.quantized_in_memory)


def _graph(layout: QdrantParams | None) -> Any:
    """The engine's own figures, but on disk; None where it is in memory anyway."""
    if layout is None or not layout.graph_on_disk:
        return None
    return engine.HnswIndexConfig(m=16, ef_construct=100, full_scan_threshold=10_000, on_disk=True)


def load_shard(folder: Path) -> EdgeShard:
    """Open an existing shard; what its log holds beyond the last flush is replayed.

    Raises
    ------
    DependencyUnavailable : its files are damaged; the message says how they are made again.
    """
    try:
        return guarded(lambda: EdgeShard.load(str(folder)))
    except DependencyUnavailable as error:
        raise DependencyUnavailable(
            f"{error.message}; if its files are damaged, `vitrine index --rebuild` makes the index of products again, "
            "and `vitrine train` another release: all they hold is in the database",
            code=error.code,
        ) from error


def close_shard(shard: EdgeShard) -> None:
    """Flush and release a shard, after the reads that are in it; they last milliseconds."""
    for _ in range(CLOSING_TRIES):
        try:
            return shard.close()
        # the engine refuses to close under a reader ("Already borrowed")
        except RuntimeError:
            time.sleep(0.01)
    return guarded(shard.close)


def missing_indexes(shard: EdgeShard, fields: Mapping[str, FieldKind]) -> list[Operation]:
    """What makes the payload indexes a shard lacks, or has of another kind."""
    present = {field_name(path): info.data_type for path, info in guarded(shard.info).payload_schema.items()}
    return [
        guarded(lambda field=field, kind=kind: Operation.create_field_index(json_path(field), _INDEXES[kind]))  # type: ignore[misc]
        for field, kind in fields.items()
        if present.get(field) != _INDEXES[kind]
    ]


def upserted(points: Sequence[Point]) -> Operation:
    """The operation that inserts or wholly replaces points."""
    return guarded(lambda: Operation.upsert_points([_point(point) for point in points]))


def payload_set(ids: Sequence[int], payload: Mapping[str, Any]) -> Operation:
    """The operation that overwrites payload keys; every id must exist."""
    return guarded(lambda: Operation.set_payload(list(ids), dict(payload)))


def deleted(ids: Sequence[int]) -> Operation:
    """The operation that removes points."""
    return guarded(lambda: Operation.delete_points([int(i) for i in ids]))


def batch_request(queries: Sequence[VectorQuery], oversampling: float | None = None) -> engine.QueryBatchRequest:
    """Queries as one batch.

    Parameters
    ----------
    oversampling : of short vectors, where the collection has them; the full ones have the last word.
    """
    return guarded(lambda: engine.QueryBatchRequest([_query(query, oversampling) for query in queries]))


def page_request(
    limit: int, filter: Filter | None, payload: bool | Sequence[str], vectors: Sequence[str]
) -> Callable[[int | None], engine.ScrollRequest]:
    """What asks for one page of points by ascending id, given the id it begins with."""
    condition, selection, slots = edge_filter(filter), payload_selection(payload), list(vectors)

    def page(first: int | None) -> engine.ScrollRequest:
        return engine.ScrollRequest(
            offset=first, limit=limit, filter=condition, with_payload=selection, with_vector=slots
        )

    return page


def count_request(filter: Filter | None) -> engine.CountRequest:
    """An exact count."""
    return engine.CountRequest(exact=True, filter=edge_filter(filter))


def facet_request(field: str, filter: Filter | None, limit: int) -> engine.FacetRequest:
    """Exact counts of the values of a field."""
    return engine.FacetRequest(json_path(field), limit=limit, exact=True, filter=edge_filter(filter))


def payload_selection(payload: bool | Sequence[str]) -> bool | list[str]:
    """All, none, or the named payload fields."""
    return payload if isinstance(payload, bool) else [json_path(field) for field in payload]


def hits(points: Sequence[engine.ScoredPoint]) -> Hits:
    """One ranked list."""
    return Hits(
        np.fromiter((p.id for p in points), np.int64, len(points)),
        np.fromiter((p.score for p in points), np.float32, len(points)),
    )


def record(found: engine.Record) -> Record:
    """One stored point."""
    vectors = found.vector if isinstance(found.vector, dict) else {}
    return Record(
        int(found.id),
        without_nulls(found.payload),
        {slot: _vector_back(vector) for slot, vector in vectors.items()},
    )


def edge_filter(filter: Filter | None) -> engine.Filter | None:
    """A filter in the engine's words."""
    if filter is None:
        return None
    return engine.Filter(_conditions(filter.must), _conditions(filter.should), _conditions(filter.must_not))


def _conditions(conditions: Sequence[Condition]) -> list[Any] | None:
    return [_condition(c) for c in conditions] or None


def _condition(condition: Condition) -> Any:
    match condition:
        case Match(field, any_of):
            return _match(json_path(field), any_of)
        case Range(field):
            bounds = one_bound_per_side(condition)
            return engine.FieldCondition(
                json_path(field),
                range=engine.RangeFloat(gte=bounds.gte, gt=bounds.gt, lte=bounds.lte, lt=bounds.lt),
            )
        case HasId(ids):
            return engine.HasIdCondition(set(ids))
        case Filter():
            return edge_filter(condition)


def _match(path: str, any_of: Sequence[str | int | bool]) -> Any:
    """One condition per type of value, because the engine's match-any takes one type only."""
    # numpy's bool, because the engine takes Python's True for the integer 1 and then matches nothing
    flags: list[Any] = [engine.MatchValue(np.bool_(v)) for v in any_of if isinstance(v, bool)]  # type: ignore[arg-type]
    words = [v for v in any_of if isinstance(v, str)]
    numbers = [v for v in any_of if isinstance(v, int) and not isinstance(v, bool)]
    matches = flags + [engine.MatchAny(values) for values in (words, numbers) if values]
    conditions = [engine.FieldCondition(path, match=match) for match in matches or [engine.MatchAny([])]]
    return conditions[0] if len(conditions) == 1 else engine.Filter(should=conditions)  # type: ignore[arg-type]


def _point(point: Point) -> engine.Point:
    vectors = {slot: _vector(vector) for slot, vector in point.vectors.items() if not _is_empty(vector)}
    return engine.Point(int(point.id), vectors, dict(point.payload))


def _query(query: VectorQuery, oversampling: float | None) -> engine.QueryRequest:
    short = None if oversampling is None else engine.QuantizationSearchParams(rescore=True, oversampling=oversampling)
    return engine.QueryRequest(
        limit=query.limit,
        query=engine.Query.Nearest(_vector(query.vector), using=query.using),
        filter=edge_filter(query.filter),
        params=engine.SearchParams(exact=query.exact, hnsw_ef=query.ef, quantization=short),
    )


def _vector(vector: DenseOrSparse) -> Any:
    if isinstance(vector, SparseVector):
        return engine.SparseVector(vector.indices.tolist(), vector.values.tolist())
    return vector.tolist()


def _vector_back(vector: Any) -> DenseOrSparse:
    if isinstance(vector, engine.SparseVector):
        return SparseVector(np.array(vector.indices, np.uint32), np.array(vector.values, np.float32))
    return np.array(vector, np.float32)


def _is_empty(vector: DenseOrSparse) -> bool:
    return isinstance(vector, SparseVector) and len(vector.indices) == 0
