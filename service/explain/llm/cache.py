"""Answers of a model, kept for a while."""

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Cache(Generic[T]):
    """The `size` entries used last, each for `ttl_s` seconds.

    Examples
    --------
    >>> cache = Cache[str](size=1, ttl_s=60.0)
    >>> cache.put("a", "first", now=0.0)
    >>> cache.get("a", now=59.0), cache.get("a", now=60.0)
    ('first', None)
    """

    def __init__(self, size: int, ttl_s: float) -> None:
        self._size = size
        self._ttl_s = ttl_s
        self._entries: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def get(self, key: str, now: float) -> T | None:
        """The entry; None if there is none, or an old one."""
        found = self._entries.get(key)
        if found is None:
            return None
        if now - found[0] >= self._ttl_s:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return found[1]

    def put(self, key: str, value: T, now: float) -> None:
        """Keep it; what was not used for longest goes."""
        self._entries[key] = (now, value)
        self._entries.move_to_end(key)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)
