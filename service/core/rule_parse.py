"""Rules from their JSON form, which is what the database keeps and the API takes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, get_args

from service.core.errors import InvalidQuery
from service.core.fields import FieldKind
from service.core.filters import MAX_DEPTH, Filter, parse_filter
from service.core.rules import Boost, Consequence, Exclude, IncludeOnly, Pin, Quota, Rule, Scope, Who

MAX_WEIGHT = 1000.0
MAX_PINS = 100
_USER_FIELDS = {
    "preferences.categories": FieldKind.KEYWORD,
    "preferences.brands": FieldKind.KEYWORD,
    "preferences.min_price": FieldKind.FLOAT,
    "preferences.max_price": FieldKind.FLOAT,
}


def parse_rule(raw: Mapping[str, Any], fields: Mapping[str, FieldKind], surfaces: Mapping[str, int]) -> Rule:
    """The rule that this JSON form describes; its types are known to be right, its values are not.

    Parameters
    ----------
    raw : id, name, scope, condition, consequence, priority, start, end, enabled.
    fields : what conditions may name. surfaces : name -> the longest slate it gives.

    Raises
    ------
    InvalidQuery : an unknown field or surface, a value out of range, an end before the start.

    Examples
    --------
    >>> rule = parse_rule(
    ...     {"id": "sale", "condition": {"must": [{"field": "tags", "match": "sale"}]},
    ...      "consequence": {"kind": "bury", "weight": 0.5}},
    ...     {"tags": FieldKind.KEYWORD}, {"home": 100})
    >>> rule.label, rule.consequence
    ('rule:sale', Boost(weight=-0.5))
    """
    scope = _scope(raw.get("scope") or {}, surfaces)
    longest = max(surfaces[name] for name in scope.surfaces or surfaces)
    condition = _within("condition", raw.get("condition"), fields)
    consequence = _consequence(raw["consequence"], longest)
    if isinstance(consequence, Pin) and condition:
        raise _wrong("a pin names its products: leave `condition` out")
    if not isinstance(consequence, Pin) and not condition:
        raise _wrong(f"{raw['consequence']['kind']} needs a `condition` that says which products")
    start, end = _moment("start", raw.get("start")), _moment("end", raw.get("end"))
    if start is not None and end is not None and end <= start:
        raise _wrong(f"it ends ({end.isoformat()}) before it starts ({start.isoformat()})")
    return Rule(
        raw["id"], consequence, raw.get("name") or "", scope, condition, raw.get("priority") or 0, start, end,
        raw.get("enabled", True),
    )  # fmt: skip


def _scope(raw: Mapping[str, Any], surfaces: Mapping[str, int]) -> Scope:
    named = tuple(raw.get("surfaces") or ())
    if unknown := [name for name in named if name not in surfaces]:
        raise InvalidQuery(
            f"scope.surfaces: there is no surface {unknown[0][:100]!r}; there are: {', '.join(surfaces)}",
            code="unknown_surface",
        )
    who: Who = raw.get("who") or "everyone"
    if who not in get_args(Who):
        raise _wrong(f"scope.who is one of {', '.join(get_args(Who))}, got {str(who)[:100]!r}")
    audience = raw.get("audience")
    return Scope(named, tuple(raw.get("categories") or ()), who, _within("scope.audience", audience, _told(audience)))


def _within(where: str, raw: object, fields: Mapping[str, FieldKind]) -> Filter | None:
    try:
        return parse_filter(raw, fields) or None
    except InvalidQuery as error:
        raise InvalidQuery(f"{where}: {error.message}", code=error.code) from error


def _told(audience: object) -> dict[str, FieldKind]:
    """The fields of a user; features are the merchant's own, so the condition itself says what they hold."""
    own = {field: kind for field, kind in _named(audience, 0) if field.startswith("features.")}
    return _USER_FIELDS | own


def _named(raw: object, depth: int) -> Iterator[tuple[str, FieldKind]]:
    if not isinstance(raw, Mapping) or depth > MAX_DEPTH:
        return  # not a condition, or too deep for one: the parser says so
    if isinstance(field := raw.get("field"), str):
        value = raw.get("match")
        first = value[0] if isinstance(value, Sequence) and not isinstance(value, str) and value else value
        yield field, FieldKind.FLOAT if "range" in raw else _KINDS.get(type(first), FieldKind.KEYWORD)
    for conditions in raw.values():
        for condition in conditions if isinstance(conditions, list | tuple) else ():
            yield from _named(condition, depth + 1)


_KINDS = {bool: FieldKind.BOOL, int: FieldKind.INTEGER}


def _consequence(raw: Mapping[str, Any], longest: int) -> Consequence:
    match raw["kind"]:
        case "boost":
            return Boost(_weight(raw["weight"]))
        case "bury":
            return Boost(-_weight(raw["weight"]))
        case "pin":
            return _pin(raw["products"], longest)
        case "exclude":
            return Exclude()
        case "include_only":
            return IncludeOnly()
        case "quota":
            return _quota(raw.get("min_percent"), raw.get("max_percent"))
    raise _wrong(
        f"consequence.kind is one of boost, bury, pin, exclude, include_only, quota, got {str(raw['kind'])[:100]!r}"
    )


def _weight(weight: float) -> float:
    if not 0 < weight <= MAX_WEIGHT:
        raise _wrong(f"consequence.weight must lie above 0 and at most {MAX_WEIGHT:g}, got {weight}")
    return float(weight)


def _pin(products: Sequence[Mapping[str, Any]], longest: int) -> Pin:
    if not 1 <= len(products) <= MAX_PINS:
        raise _wrong(f"a pin takes 1 to {MAX_PINS} products, got {len(products)}")
    places = tuple((one["position"], one["id"]) for one in products)
    for position, name in places:
        if not 1 <= position <= longest:
            raise _wrong(
                f"consequence.products: position {position} of {name!r} lies outside 1 to {longest}, the longest slate"
            )
    for which, what in ((0, "position"), (1, "product")):
        seen = [place[which] for place in places]
        if twice := next((one for one in seen if seen.count(one) > 1), None):
            raise _wrong(f"consequence.products: {what} {twice!r} is named twice; a rule pins each once")
    return Pin(tuple(sorted(places)))


def _quota(least: float | None, most: float | None) -> Quota:
    if least is None and most is None:
        raise _wrong("a quota needs min_percent, max_percent or both")
    quota = Quota(0.0 if least is None else float(least), 100.0 if most is None else float(most))
    for name, value in (("min_percent", quota.min_percent), ("max_percent", quota.max_percent)):
        if not 0 <= value <= 100 or math.isnan(value):
            raise _wrong(f"consequence.{name} must lie between 0 and 100, got {value}")
    if quota.min_percent > quota.max_percent:
        raise _wrong(f"min_percent {quota.min_percent:g} is above max_percent {quota.max_percent:g}")
    return quota


def _moment(name: str, raw: object) -> datetime | None:
    if raw is None:
        return None
    try:
        moment = raw if isinstance(raw, datetime) else datetime.fromisoformat(str(raw))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _wrong(f"{name}: {str(raw)[:100]!r} is not a time like 2026-05-01T00:00:00Z") from error


def _wrong(message: str) -> InvalidQuery:
    return InvalidQuery(message, code="invalid_rule")
