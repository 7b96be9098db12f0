"""One request as data: where it goes, what it says, and what its answer is read as."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import orjson

T_co = TypeVar("T_co", covariant=True)

Params = tuple[tuple[str, str], ...]
SAFE = frozenset(("GET", "PUT", "DELETE"))
"""Methods that may be sent again when nobody knows whether they arrived."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """A request that has not been sent yet.

    Attributes
    ----------
    path : with ids in it, escaped. answer : what the body is read as: a class of `service.clients.answers`, ``dict``,
    ``str``, ``bytes``, or ``type(None)``. params : of the query string, in order. body : sent as JSON; None: none.
    repeats : whether it may be sent again when it was refused for now, or nobody knows whether it arrived; None: where
    its method says so. headers : beside the usual ones.

    Examples
    --------
    >>> call = Call("GET", "/v1/search", dict, (("q", "blue mug"), ("n", "3")))
    >>> call.target, call.content, call.may_repeat
    ('/v1/search?q=blue+mug&n=3', b'', True)
    """

    method: str
    path: str
    answer: type[T_co]
    params: Params = ()
    body: Any = None
    repeats: bool | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """The path with its query string."""
        return f"{self.path}?{urlencode(self.params)}" if self.params else self.path

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        return b"" if self.body is None else as_json(self.body)

    @property
    def may_repeat(self) -> bool:
        """Whether sending it twice does what sending it once does."""
        return self.method in SAFE if self.repeats is None else self.repeats

    def after(self, cursor: str) -> "Call[T_co]":
        """The same list from its next page on."""
        if self.body is not None:
            return replace(self, body={**self.body, "cursor": cursor})
        others = tuple(pair for pair in self.params if pair[0] != "cursor")
        return replace(self, params=(*others, ("cursor", cursor)))


def as_json(value: Any) -> bytes:
    """JSON as the service reads it: times in UTC where they do not say otherwise, money as it is written.

    Raises
    ------
    TypeError : something that has no form in JSON.

    Examples
    --------
    >>> from datetime import datetime
    >>> from decimal import Decimal
    >>> as_json({"at": datetime(2026, 3, 1), "price": Decimal("12.90")})
    b'{"at":"2026-03-01T00:00:00+00:00","price":"12.90"}'
    """
    return orjson.dumps(value, default=_plain, option=orjson.OPT_NAIVE_UTC)


def _plain(value: object) -> object:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"{value!r:.80} cannot be sent: it is neither text, number, time, list nor mapping")


def in_path(name: str) -> str:
    """An id as a part of a path.

    Examples
    --------
    >>> in_path("a/b c")
    'a%2Fb%20c'
    """
    return quote(name, safe="")


def params(asked: Mapping[str, Any]) -> Params:
    """What is asked as parameters of a link; None is left out, lists are repeated, objects are JSON.

    Examples
    --------
    >>> params({"n": 5, "explain": True, "brand": ["Alba", "Quill"], "sort": None})
    (('n', '5'), ('explain', 'true'), ('brand', 'Alba'), ('brand', 'Quill'))
    """
    return tuple((name, _text(one)) for name, value in asked.items() if value is not None for one in _each(value))


def _each(value: Any) -> Iterable[Any]:
    return value if isinstance(value, Iterable) and not isinstance(value, str | Mapping) else (value,)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return as_json(value).decode() if isinstance(value, Mapping) else str(value)
