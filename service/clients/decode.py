"""JSON as frozen dataclasses: what a newer service says beside is passed over, what should be there must be."""

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

T = TypeVar("T")

Read = Callable[[Any], Any]
_SCALARS: tuple[type, ...] = (str, int, float, bool, NoneType)


def decode(kind: type[T], value: Any) -> T:
    """A parsed JSON value as `kind`.

    Raises
    ------
    ValueError : a field is missing, or something is no object, list or time where one should be.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Mug:
    ...     name: str
    ...     sold_at: tuple[datetime, ...] = ()
    >>> decode(Mug, {"name": "Blue mug", "sold_at": ["2026-03-01T12:00:00Z"], "new_in_version_9": 1}).sold_at[0].year
    2026
    >>> decode(Mug, {"sold_at": []})
    Traceback (most recent call last):
    ...
    ValueError: Mug has no `name`
    """
    shape: Any = kind
    read: T = _reader(shape)(value)
    return read


@cache
def _reader(kind: Any) -> Read:
    """How a value of this kind is read."""
    if is_dataclass(kind):
        return _object(kind)
    if kind is datetime:
        return _moment
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _either(get_args(kind))
    if origin is tuple:
        return _list(get_args(kind)[0])
    if origin is dict and get_args(kind)[1] is not Any:
        return _mapping(get_args(kind)[1])
    return _object_as_is if kind is dict or origin is dict or is_typeddict(kind) else _as_is


def _object(kind: Any) -> Read:
    hints = get_type_hints(kind)
    asked = [(one.name, one.default is MISSING, _LaterReader(hints[one.name])) for one in fields(kind)]

    def read(value: Any) -> Any:
        told = _object_as_is(value)
        found = {}
        for name, is_needed, part in asked:
            if name in told:
                found[name] = part(told[name])
            elif is_needed:
                raise ValueError(f"{kind.__name__} has no `{name}`")
        return kind(**found)

    return read


class _LaterReader:
    """A reader that is made when it is first used: some shapes contain themselves."""

    __slots__ = ("_kind",)

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    def __call__(self, value: Any) -> Any:
        return _reader(self._kind)(value)


def _either(kinds: tuple[Any, ...]) -> Read:
    others = [kind for kind in kinds if kind is not NoneType]
    if all(kind in _SCALARS or is_typeddict(kind) for kind in others):
        return _as_is
    if len(others) > 1:
        raise TypeError(f"an answer cannot be told apart as one of {others}")
    inner = _reader(others[0])
    return lambda value: None if value is None else inner(value)


def _list(kind: Any) -> Read:
    part = _reader(kind)

    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError(f"{value!r:.60} is no list")
        return tuple(part(one) for one in value)

    return read


def _mapping(kind: Any) -> Read:
    part = _reader(kind)
    return lambda value: {name: part(one) for name, one in _object_as_is(value).items()}


def _object_as_is(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{value!r:.60} is no object")
    return value


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError(f"{value!r:.60} is no time")
    return datetime.fromisoformat(value)


def _as_is(value: Any) -> Any:
    return value
