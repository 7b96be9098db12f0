"""Payload habits that Qdrant Edge and a Qdrant server share."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import orjson

from service.core.errors import InvalidQuery
from service.core.filters import Range

T = TypeVar("T")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def json_path(field: str) -> str:
    """Qdrant's name of a payload field: what follows ``attributes.`` is one key, whatever signs are in it.

    Raises
    ------
    InvalidQuery : a key with a double quote in it, which Qdrant's paths cannot express.

    Examples
    --------
    >>> json_path("price"), json_path("attributes.colour"), json_path("attributes.shoe size")
    ('price', 'attributes.colour', 'attributes."shoe size"')
    """
    if '"' in field:
        raise InvalidQuery(f"a field name must not contain a double quote, got {field!r}")
    return ".".join(part if _PLAIN.fullmatch(part) else f'"{part}"' for part in field.split(".", 1))


def field_name(path: str) -> str:
    """The field a path made by `json_path` stands for.

    Examples
    --------
    >>> field_name('attributes."shoe size"')
    'attributes.shoe size'
    """
    return path.replace('"', "")


def without_nulls(payload: Mapping[str, Any] | None) -> dict[str, Any]:
    """A payload as read: a key whose value is null is the same as a missing key.

    Examples
    --------
    >>> without_nulls({"brand": None, "stock": 0})
    {'stock': 0}
    """
    return {key: value for key, value in (payload or {}).items() if value is not None}


def one_bound_per_side(bounds: Range) -> Range:
    """The same range with at most one lower and one upper bound: of two, Qdrant would heed only one.

    Examples
    --------
    >>> one_bound_per_side(Range("price", gte=1, gt=2, lte=5, lt=9))
    Range(field='price', gte=None, gt=2, lte=5, lt=None)
    """
    gte, gt, lte, lt = bounds.gte, bounds.gt, bounds.lte, bounds.lt
    if gte is not None and gt is not None:
        gte, gt = (gte, None) if gte > gt else (None, gt)
    if lte is not None and lt is not None:
        lte, lt = (lte, None) if lte < lt else (None, lt)
    return Range(bounds.field, gte, gt, lte, lt)


def by_payload(payloads: Mapping[int, Mapping[str, Any]]) -> list[tuple[dict[str, Any], list[int]]]:
    """Points that get the same payload, together.

    Raises
    ------
    InvalidQuery : a payload that is not JSON.

    Examples
    --------
    >>> by_payload({1: {"stock": 0}, 2: {"stock": 5}, 3: {"stock": 0}})
    [({'stock': 0}, [1, 3]), ({'stock': 5}, [2])]
    """
    groups: dict[bytes, tuple[dict[str, Any], list[int]]] = {}
    for point_id, payload in payloads.items():
        try:
            key = orjson.dumps(payload, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)
        except TypeError as error:
            raise InvalidQuery(f"the payload of point {point_id} is not JSON: {error}") from error
        groups.setdefault(key, (dict(payload), []))[1].append(point_id)
    return list(groups.values())


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Consecutive pieces of at most `size` items.

    Examples
    --------
    >>> [list(c) for c in chunks([1, 2, 3], 2)]
    [[1, 2], [3]]
    """
    return (items[start : start + size] for start in range(0, len(items), size))


def most_frequent(counts: Sequence[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """Facet counts by count descending, then value.

    Examples
    --------
    >>> most_frequent([("b", 1), ("c", 2), ("a", 1)])
    [('c', 2), ('a', 1), ('b', 1)]
    """
    return sorted(sorted(counts), key=lambda pair: -pair[1])
