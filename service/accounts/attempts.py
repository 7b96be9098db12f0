"""Guessing a password takes too long: so many wrong ones an hour for an address, whether it has an account or not."""

import threading
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Protocol

from cachetools import TTLCache

from service.core.errors import TooManyRequests

WINDOW_S = 3600.0
_MOST_NAMES = 100_000  # counted at once; the oldest is forgotten first


class SharedCounts(Protocol):
    """Counts that several processes share, each for `WINDOW_S`; None wherever they cannot be had."""

    def get(self, name: str) -> int | None:
        """How many so far."""

    def add(self, name: str) -> int | None:
        """One more; how many there are with it."""

    def forget(self, name: str) -> None:
        """Begin anew."""


class Attempts:
    """Counts wrong passwords: all processes together where they share counts, and each for itself beside that.

    Of an address a hash is kept, and that for an hour.

    Parameters
    ----------
    most : wrong ones within an hour of the first. timer : seconds. shared : what other processes count too; what they
        counted holds no longer while it cannot be had, what this one counted does.
    """

    def __init__(
        self, most: int, timer: Callable[[], float] = time.monotonic, shared: SharedCounts | None = None
    ) -> None:
        self._most = most
        self._wrong: TTLCache[str, list[int]] = TTLCache(_MOST_NAMES, WINDOW_S, timer)
        self._lock = threading.Lock()
        self._shared = shared

    def check(self, tenant: str, email: str) -> None:
        """Let nobody try another password where too many were wrong.

        Raises
        ------
        TooManyRequests : until an hour after the first of them.
        """
        name = _name(tenant, email)
        with self._lock:
            count = self._wrong.get(name, [0])[0]
        if count < self._most and self._shared is not None:
            count = self._shared.get(name) or 0
        if count >= self._most:
            raise TooManyRequests(
                f"{self._most} wrong passwords were tried for this address; try again in an hour", code="too_many_wrong"
            )

    def note_wrong(self, tenant: str, email: str) -> None:
        """Count a wrong password; the hour begins with the first."""
        name = _name(tenant, email)
        with self._lock:
            self._wrong.setdefault(name, [0])[0] += 1
        if self._shared is not None:
            self._shared.add(name)

    def note_right(self, tenant: str, email: str) -> None:
        """Begin anew: it was the owner."""
        name = _name(tenant, email)
        with self._lock:
            self._wrong.pop(name, None)
        if self._shared is not None:
            self._shared.forget(name)


def _name(tenant: str, email: str) -> str:
    return sha256(f"{tenant}\0{email}".encode("utf-8", "surrogatepass")).hexdigest()
