"""The filter grammar: ``must / should / must_not`` of ``match`` and ``range``, parsed once, evaluated anywhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from service.core.errors import InvalidQuery
from service.core.fields import FieldKind

MAX_CONDITIONS = 200
MAX_VALUES = 10_000
MAX_DEPTH = 5
_BOUNDS = ("gte", "gt", "lte", "lt")


@dataclass(frozen=True, slots=True)
class Match:
    """The field holds (or, if it holds a list, contains) one of `any_of`."""

    field: str
    any_of: tuple[str | int | bool, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """The field lies within all bounds that are given; a product without the field does not match."""

    field: str
    gte: float | None = None
    gt: float | None = None
    lte: float | None = None
    lt: float | None = None


@dataclass(frozen=True, slots=True)
class HasId:
    """The internal product id is one of `ids`; made by the service, never parsed from a request."""

    ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Filter:
    """All of `must`, at least one of `should` (if any), none of `must_not`."""

    must: tuple["Condition", ...] = ()
    should: tuple["Condition", ...] = ()
    must_not: tuple["Condition", ...] = ()

    def __bool__(self) -> bool:
        return bool(self.must or self.should or self.must_not)


Condition = Match | Range | HasId | Filter


def all_of(*conditions: Condition | None) -> Filter | None:
    """One filter that asks for every given condition; None where nothing is asked.

    Examples
    --------
    >>> all_of(None, Filter()) is None
    True
    >>> all_of(Match("brand", ("LG",)), None).must
    (Match(field='brand', any_of=('LG',)),)
    """
    wanted = tuple(c for c in conditions if c is not None and not (isinstance(c, Filter) and not c))
    return Filter(must=wanted) if wanted else None


def matches(condition: Condition | None, payload: Mapping[str, Any], product_id: int | None = None) -> bool:
    """Whether a product's payload satisfies a condition, by the same rules as Qdrant's.

    Parameters
    ----------
    payload : field -> value; ``attributes.colour`` is looked up in the nested mapping ``attributes``.

    Examples
    --------
    >>> matches(Range("price", gte=10), {"price": 12.5})
    True
    >>> matches(Filter(must_not=(Match("tags", ("sale",)),)), {"tags": ["new", "sale"]})
    False
    """
    match condition:
        case None:
            return True
        case Match(field, any_of):
            return any(value in any_of for value in _values(payload, field))
        case Range(field):
            return any(_within(condition, value) for value in _values(payload, field))
        case HasId(ids):
            return product_id in ids
        case Filter(must, should, must_not):
            return (
                all(matches(c, payload, product_id) for c in must)
                and (not should or any(matches(c, payload, product_id) for c in should))
                and not any(matches(c, payload, product_id) for c in must_not)
            )


def parse_filter(raw: object, fields: Mapping[str, FieldKind]) -> Filter | None:
    """Turn the JSON form into a `Filter`.

    Parameters
    ----------
    raw : ``{"must": [{"field": "brand", "match": "LG"}, {"field": "price", "range": {"lt": 500}}]}``; ``match`` takes
        one value or a list (any of); conditions may be nested filters.
    fields : the filterable fields; any other field is refused, because an unindexed filter is slow.

    Raises
    ------
    InvalidQuery : unknown field or key, wrong type, too many conditions.

    Examples
    --------
    >>> parse_filter({"must": [{"field": "price", "range": {"lt": 500}}]}, {"price": FieldKind.FLOAT}).must
    (Range(field='price', gte=None, gt=None, lte=None, lt=500.0),)
    """
    if raw is None:
        return None
    budget = [MAX_CONDITIONS]
    return _parse_group(raw, fields, budget, depth=0)


def _parse_group(raw: object, fields: Mapping[str, FieldKind], budget: list[int], depth: int) -> Filter:
    if depth > MAX_DEPTH:
        raise InvalidQuery(f"filter is nested deeper than {MAX_DEPTH} levels; flatten it", code="invalid_filter")
    if not isinstance(raw, Mapping) or not set(raw) <= {"must", "should", "must_not"}:
        raise InvalidQuery(
            f"a filter is an object with 'must', 'should' and/or 'must_not', got {_short(raw)}",
            code="invalid_filter",
        )
    parts: dict[str, tuple[Condition, ...]] = {}
    for key, conditions in raw.items():
        if not isinstance(conditions, list | tuple):
            raise InvalidQuery(
                f"filter.{key} must be a list of conditions, got {_short(conditions)}", code="invalid_filter"
            )
        parts[key] = tuple(_parse_condition(c, fields, budget, depth) for c in conditions)
    return Filter(**parts)


def _parse_condition(raw: object, fields: Mapping[str, FieldKind], budget: list[int], depth: int) -> Condition:
    budget[0] -= 1
    if budget[0] < 0:
        raise InvalidQuery(f"a filter may have at most {MAX_CONDITIONS} conditions", code="invalid_filter")
    if not isinstance(raw, Mapping):
        raise InvalidQuery(f"a condition is an object, got {_short(raw)}", code="invalid_filter")
    if "field" not in raw:
        return _parse_group(raw, fields, budget, depth + 1)
    field = raw["field"]
    if not isinstance(field, str) or field not in fields:
        raise InvalidQuery(
            f"{_short(field)} is not filterable; filterable fields are: {', '.join(sorted(fields))}. "
            "Attributes are made filterable under [catalogue] in recommender.toml",
            code="unknown_filter_field",
        )
    if set(raw) == {"field", "match"}:
        return _parse_match(field, fields[field], raw["match"])
    if set(raw) == {"field", "range"}:
        return _parse_range(field, fields[field], raw["range"])
    raise InvalidQuery(
        f"a condition on {field!r} needs exactly one of 'match' and 'range', got {sorted(map(str, raw))}",
        code="invalid_filter",
    )


def _parse_match(field: str, kind: FieldKind, raw: object) -> Match:
    values = tuple(raw) if isinstance(raw, list | tuple) else (raw,)
    if kind is FieldKind.FLOAT:
        raise InvalidQuery(f"{field!r} is a decimal number: ask for a 'range', not a 'match'", code="invalid_filter")
    if not values or len(values) > MAX_VALUES:
        raise InvalidQuery(
            f"match on {field!r} takes 1 to {MAX_VALUES} values, got {len(values)}", code="invalid_filter"
        )
    wanted: type = {FieldKind.KEYWORD: str, FieldKind.INTEGER: int, FieldKind.BOOL: bool}[kind]
    for value in values:
        # bool is an int to Python, but {"stock": true} is a mistake
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise InvalidQuery(f"{field!r} holds {kind.value} values, got {_short(value)}", code="invalid_filter")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise InvalidQuery(f"{field!r}: {_short(value)} does not fit 64 bits", code="invalid_filter")
    return Match(field, values)


def _parse_range(field: str, kind: FieldKind, raw: object) -> Range:
    if kind in (FieldKind.KEYWORD, FieldKind.BOOL):
        raise InvalidQuery(
            f"{field!r} holds {kind.value} values: ask for a 'match', not a 'range'", code="invalid_filter"
        )
    if not isinstance(raw, Mapping) or not raw or not set(raw) <= set(_BOUNDS):
        raise InvalidQuery(
            f"range on {field!r} is an object with one or more of {', '.join(_BOUNDS)}, got {_short(raw)}",
            code="invalid_filter",
        )
    return Range(field, **{bound: _number(field, value) for bound, value in raw.items() if value is not None})


def _number(field: str, value: object) -> float:
    if isinstance(value, str) and field == "created_at":
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise InvalidQuery(
                f"{field!r}: {_short(value)} is not an ISO time like 2025-01-31T12:00:00Z",
                code="invalid_filter",
            ) from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e18:
        raise InvalidQuery(f"{field!r}: {_short(value)} is not a finite number below 1e18", code="invalid_filter")
    return float(value)


def _values(payload: Mapping[str, Any], field: str) -> tuple[Any, ...]:
    value: Any = payload
    for part in field.split(".", 1):
        value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _within(bounds: Range, value: Any) -> bool:
    return (
        not isinstance(value, bool | str)
        and (bounds.gte is None or value >= bounds.gte)
        and (bounds.gt is None or value > bounds.gt)
        and (bounds.lte is None or value <= bounds.lte)
        and (bounds.lt is None or value < bounds.lt)
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
