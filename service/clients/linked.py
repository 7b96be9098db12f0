"""One set of names for requests of lists: as a link where that can say it all, else as a body."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from service.clients.call import Call, Params, params

T = TypeVar("T")

LONGEST = 2000
"""Characters of a link; longer ones some proxies cut off."""

_MATCHES = {"brand": "brand", "category": "category", "tag": "tags"}
_SIMPLE = frozenset((*_MATCHES, "min_price", "max_price", "min_rating", "in_stock"))
COMMON = _SIMPLE | {"n", "filter", "explain", "user", "session", "variants"}
"""What links of all lists can say."""

_RENAMED = {"query": "q", "variants": "variant"}
_IN_LINKS: Mapping[str, Callable[[Any], object]] = {
    "variants": lambda chosen: [f"{experiment}:{variant}" for experiment, variant in chosen.items()],
    "shelves": lambda names: names if isinstance(names, str) else ",".join(names),
}


def list_call(path: str, answer: type[T], asked: Mapping[str, Any], in_link: frozenset[str]) -> Call[T]:
    """A request for a list; it only reads, so it may be sent again.

    Parameters
    ----------
    in_link : names that a link can say.

    Examples
    --------
    >>> list_call("/v1/home", dict, {"user": "ann", "n": 3, "brand": None}, COMMON).target
    '/v1/home?user=ann&n=3'
    >>> call = list_call("/v1/home", dict, {"user": "ann", "weights": {"cf": 2.0}, "max_price": 20}, COMMON)
    >>> call.method, call.body["filter"]
    ('POST', {'must': [{'field': 'price', 'range': {'lte': 20}}]})
    """
    said = given(asked)
    if in_link.issuperset(said):
        call = Call("GET", path, answer, _link(said))
        if len(call.target) <= LONGEST:
            return call
    return Call("POST", path, answer, body=in_body(said), repeats=True)


def given(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What is asked, without what is None; bytes of a picture as a URL."""
    return {
        name: f"data:;base64,{b64encode(value).decode()}" if isinstance(value, bytes) else value
        for name, value in asked.items()
        if value is not None
    }


def in_body(said: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a body, which has the simple conditions in its filter."""
    body = {name: value for name, value in said.items() if name not in _SIMPLE}
    conditions = _conditions(said)
    if not conditions:
        return body
    filters = ({"must": conditions}, body.get("filter"))
    return body | {"filter": _both(*filters)}


def _both(first: dict[str, Any], second: Mapping[str, Any] | None) -> dict[str, Any]:
    if not second:
        return first
    return {**second, "must": [*first["must"], *second.get("must", ())]}


def _conditions(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"field": field, "match": _list(said[name])} for name, field in _MATCHES.items() if name in said
    ]
    prices = {sign: said[name] for name, sign in (("min_price", "gte"), ("max_price", "lte")) if name in said}
    if prices:
        found.append({"field": "price", "range": prices})
    if "min_rating" in said:
        found.append({"field": "rating", "range": {"gte": said["min_rating"]}})
    if "in_stock" in said:
        found.append({"field": "in_stock", "match": said["in_stock"]})
    return found


def _list(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _link(said: Mapping[str, Any]) -> Params:
    return params({_RENAMED.get(name, name): _IN_LINKS.get(name, _same)(value) for name, value in said.items()})


def _same(value: object) -> object:
    return value
