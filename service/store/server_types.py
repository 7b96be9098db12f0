"""Our types into qdrant-client's, and its answers into ours."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from qdrant_client import models

from service.core.fields import FieldKind
from service.core.filters import Condition, Filter, HasId, Match, Range
from service.core.types import SparseVector
from service.store.qdrant_payload import field_name, json_path, one_bound_per_side, without_nulls
from service.store.vectors import Dense, DenseOrSparse, Hits, Point, Record, Space, Sparse, VectorQuery

TENANT_FIELD = "tenant"

_DISTANCES = {"cosine": models.Distance.COSINE, "dot": models.Distance.DOT}
_INDEXES = {
    FieldKind.KEYWORD: models.PayloadSchemaType.KEYWORD,
    FieldKind.INTEGER: models.PayloadSchemaType.INTEGER,
    FieldKind.FLOAT: models.PayloadSchemaType.FLOAT,
    FieldKind.BOOL: models.PayloadSchemaType.BOOL,
}
_KINDS = {index: kind for kind, index in _INDEXES.items()}


def dense_slots(space: Space) -> dict[str, models.VectorParams]:
    """The dense slots of a collection to be made."""
    return {
        slot: models.VectorParams(size=dense.size, distance=_DISTANCES[dense.distance])
        for slot, dense in space.dense.items()
    }


def sparse_slots(space: Space) -> dict[str, models.SparseVectorParams]:
    """The sparse slots of a collection to be made."""
    return {
        slot: models.SparseVectorParams(modifier=models.Modifier.IDF if sparse.idf else None)
        for slot, sparse in space.sparse.items()
    }


def index_of(field: str, kind: FieldKind) -> Any:
    """The payload index a field gets; points of one tenant are stored next to each other."""
    if field == TENANT_FIELD:
        return models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
    return _INDEXES[kind]


def space_of(name: str, info: models.CollectionInfo) -> Space:
    """The schema of a collection as the server describes it; slots and fields we never make are left out."""
    params = info.config.params
    dense = params.vectors if isinstance(params.vectors, dict) else {"": params.vectors} if params.vectors else {}
    return Space(
        name,
        {slot: Dense(vector.size, _distance(vector.distance)) for slot, vector in dense.items()},  # type: ignore[arg-type]
        {slot: Sparse(p.modifier == models.Modifier.IDF) for slot, p in (params.sparse_vectors or {}).items()},
        {
            field_name(path): _KINDS[field.data_type]
            for path, field in info.payload_schema.items()
            if field.data_type in _KINDS
        },
    )


def point_struct(point: Point) -> models.PointStruct:
    """A point to be stored; an empty sparse vector is left out."""
    vectors: dict[str, Any] = {slot: _vector(vector) for slot, vector in point.vectors.items() if len(_entries(vector))}
    return models.PointStruct(id=int(point.id), vector=vectors, payload=dict(point.payload))


def set_payload_operation(ids: Sequence[int], payload: Mapping[str, Any]) -> models.SetPayloadOperation:
    """Overwrite payload keys; points are chosen by filter, because a missing one would be an error by id."""
    chosen = models.Filter(must=[models.HasIdCondition(has_id=[int(i) for i in ids])])
    return models.SetPayloadOperation(set_payload=models.SetPayload(payload=dict(payload), filter=chosen))


def query_request(query: VectorQuery, oversampling: float | None = None) -> models.QueryRequest:
    """One query of a batch.

    Parameters
    ----------
    oversampling : of short vectors, where the collection has them; the full ones have the last word.
    """
    short = None if oversampling is None else models.QuantizationSearchParams(rescore=True, oversampling=oversampling)
    return models.QueryRequest(
        query=_vector(query.vector),
        using=query.using,
        limit=query.limit,
        filter=server_filter(query.filter),
        params=models.SearchParams(exact=query.exact, hnsw_ef=query.ef, quantization=short),
        with_payload=False,
    )


def payload_selection(payload: bool | Sequence[str]) -> bool | list[str]:
    """All, none, or the named payload fields."""
    return payload if isinstance(payload, bool) else [json_path(field) for field in payload] or False


def hits(points: Sequence[models.ScoredPoint]) -> Hits:
    """One ranked list."""
    return Hits(
        np.fromiter((int(p.id) for p in points), np.int64, len(points)),
        np.fromiter((p.score for p in points), np.float32, len(points)),
    )


def record(found: models.Record) -> Record:
    """One stored point."""
    vectors = found.vector if isinstance(found.vector, dict) else {}
    return Record(
        int(found.id),
        without_nulls(found.payload),
        {slot: _vector_back(vector) for slot, vector in vectors.items()},
    )


def server_filter(filter: Filter | None) -> models.Filter | None:
    """A filter in the server's words."""
    if filter is None:
        return None
    return models.Filter(
        must=_conditions(filter.must), should=_conditions(filter.should), must_not=_conditions(filter.must_not)
    )


def _conditions(conditions: Sequence[Condition]) -> list[Any] | None:
    return [_condition(c) for c in conditions] or None


def _condition(condition: Condition) -> Any:
    match condition:
        case Match(field, any_of):
            return _match(json_path(field), any_of)
        case Range(field):
            bounds = one_bound_per_side(condition)
            return models.FieldCondition(
                key=json_path(field), range=models.Range(gte=bounds.gte, gt=bounds.gt, lte=bounds.lte, lt=bounds.lt)
            )
        case HasId(ids):
            return models.HasIdCondition(has_id=sorted(int(i) for i in ids))
        case Filter():
            return server_filter(condition)


def _match(path: str, any_of: Sequence[str | int | bool]) -> Any:
    """One condition per type of value, because the server's match-any takes one type only, and no booleans."""
    flags: list[Any] = [models.MatchValue(value=v) for v in any_of if isinstance(v, bool)]
    words = [v for v in any_of if isinstance(v, str)]
    numbers = [v for v in any_of if isinstance(v, int) and not isinstance(v, bool)]
    matches = flags + [models.MatchAny(any=values) for values in (words, numbers) if values]
    conditions = [models.FieldCondition(key=path, match=match) for match in matches or [models.MatchAny(any=[])]]
    return conditions[0] if len(conditions) == 1 else models.Filter(should=conditions)


def _vector(vector: DenseOrSparse) -> Any:
    if isinstance(vector, SparseVector):
        return models.SparseVector(indices=vector.indices.tolist(), values=vector.values.tolist())
    return vector.tolist()


def _vector_back(vector: Any) -> DenseOrSparse:
    if isinstance(vector, models.SparseVector):
        return SparseVector(np.array(vector.indices, np.uint32), np.array(vector.values, np.float32))
    return np.array(vector, np.float32)


def _entries(vector: DenseOrSparse) -> Any:
    return vector.values if isinstance(vector, SparseVector) else vector


def _distance(distance: models.Distance) -> str:
    return {ours: theirs for theirs, ours in _DISTANCES.items()}.get(distance, str(distance.value))
