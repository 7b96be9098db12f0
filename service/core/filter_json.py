"""Filters in the JSON form that `core.filters.parse_filter` takes."""

from typing import Any

from service.core.filters import Condition, Filter, HasId, Match, Range


def filter_json(wanted: Filter) -> dict[str, Any]:
    """The form that parses to the same filter; internal ids, which no request can name, are left out.

    Examples
    --------
    >>> filter_json(Filter(must=(Match("brand", ("LG",)), Range("price", lt=500.0))))
    {'must': [{'field': 'brand', 'match': ['LG']}, {'field': 'price', 'range': {'lt': 500.0}}]}
    """
    groups = {"must": wanted.must, "should": wanted.should, "must_not": wanted.must_not}
    return {
        name: [_condition(one) for one in conditions if not isinstance(one, HasId)]
        for name, conditions in groups.items()
        if conditions
    }


def _condition(condition: Condition) -> dict[str, Any]:
    match condition:
        case Match(field, any_of):
            return {"field": field, "match": list(any_of)}
        case Range(field):
            bounds = {name: getattr(condition, name) for name in ("gte", "gt", "lte", "lt")}
            return {"field": field, "range": {name: value for name, value in bounds.items() if value is not None}}
        case Filter():
            return filter_json(condition)
    return {}
