"""What must hold before anything is handed to an engine, the same for both backends.

The embedded engine writes an operation to its log before it looks at it: a refused batch is half applied, and applied
again when the log is replayed. So nothing reaches it unchecked.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from service.core.errors import InvalidQuery
from service.core.fields import FieldKind
from service.core.types import SparseVector
from service.store.vectors import DenseOrSparse, Point, Space, VectorQuery

MAX_ID = 2**63 - 1


def check_points(space: Space, points: Sequence[Point]) -> None:
    """Refuse points that do not fit the collection.

    Raises
    ------
    InvalidQuery : an id outside 0 to 2**63 - 1, an unknown slot, another number of dimensions, a value that is not
        finite, a sparse vector with repeated indices.
    """
    for point in points:
        check_ids((point.id,))
        for slot, vector in point.vectors.items():
            check_vector(space, slot, vector)


def check_ids(ids: Sequence[int]) -> None:
    """Refuse ids that are not integers from 0 to 2**63 - 1."""
    for value in ids:
        if not isinstance(value, int | np.integer) or not 0 <= value <= MAX_ID:
            raise InvalidQuery(f"a point id is an integer from 0 to 2**63 - 1, got {value!r}")


def check_query(space: Space, query: VectorQuery) -> None:
    """Refuse a query that does not fit the collection, or whose limit is negative."""
    if query.limit < 0:
        raise InvalidQuery(f"limit must be 0 or more, got {query.limit}")
    check_vector(space, query.using, query.vector)


def check_vector(space: Space, slot: str, vector: DenseOrSparse) -> None:
    """Refuse a vector that does not fit its slot.

    Examples
    --------
    >>> from service.store.vectors import Dense
    >>> check_vector(Space("products", {"text": Dense(3)}), "text", np.zeros(3, np.float32))
    >>> check_vector(Space("products", {"text": Dense(3)}), "text", np.zeros(2, np.float32))
    Traceback (most recent call last):
    service.core.errors.InvalidQuery: slot 'text' of 'products' takes 3 dimensions, got shape (2,)
    """
    if slot in space.dense:
        _check_dense(space, slot, vector)
    elif slot in space.sparse:
        _check_sparse(space, slot, vector)
    else:
        known = ", ".join(sorted([*space.dense, *space.sparse]))
        raise InvalidQuery(f"{space.name!r} has no vector slot {slot!r}; it has: {known}")


def check_facet(fields: Mapping[str, FieldKind], field: str) -> None:
    """Refuse a facet on a field that has no index, or holds decimal numbers."""
    countable = sorted(name for name, kind in fields.items() if kind is not FieldKind.FLOAT)
    if field not in countable:
        raise InvalidQuery(f"cannot count the values of {field!r}; facets exist for: {', '.join(countable)}")


def _check_dense(space: Space, slot: str, vector: DenseOrSparse) -> None:
    size = space.dense[slot].size
    if isinstance(vector, SparseVector):
        raise InvalidQuery(f"slot {slot!r} of {space.name!r} takes a dense vector, got a sparse one")
    if np.shape(vector) != (size,):
        raise InvalidQuery(f"slot {slot!r} of {space.name!r} takes {size} dimensions, got shape {np.shape(vector)}")
    if not np.isfinite(vector).all():
        raise InvalidQuery(f"a vector for slot {slot!r} of {space.name!r} holds NaN or infinity")


def _check_sparse(space: Space, slot: str, vector: DenseOrSparse) -> None:
    if not isinstance(vector, SparseVector):
        raise InvalidQuery(f"slot {slot!r} of {space.name!r} takes a sparse vector, got a dense one")
    count = len(vector.indices)
    if len(vector.values) != count or len(np.unique(vector.indices)) != count:
        raise InvalidQuery(f"a sparse vector for {slot!r} needs one value per index and no index twice")
    if not np.isfinite(vector.values).all():
        raise InvalidQuery(f"a sparse vector for slot {slot!r} of {space.name!r} holds NaN or infinity")
