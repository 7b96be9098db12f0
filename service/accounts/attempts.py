"""Guessing a password takes too long: so many wrong ones an hour for an address, whether it has an account or not."""

import threading
import time
from collections.abc import Callable
from hashlib import sha256

from cachetools import TTLCache

from service.core.errors import TooManyRequests

WINDOW_S = 3600.0
_MOST_NAMES = 100_000  # counted at once; the oldest is forgotten first


class Attempts:
    """Counts wrong passwords, each process for itself.

    Parameters
    ----------
    most : wrong ones within an hour of the first. timer : seconds.
    """

    def __init__(self, most: int, timer: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._wrong: TTLCache[bytes, list[int]] = TTLCache(_MOST_NAMES, WINDOW_S, timer)
        self._lock = threading.Lock()

    def check(self, tenant: str, email: str) -> None:
        """Let nobody try another password where too many were wrong.

        Raises
        ------
        TooManyRequests : until an hour after the first of them.
        """
        with self._lock:
            count = self._wrong.get(_name(tenant, email), [0])[0]
        if count >= self._most:
            raise TooManyRequests(
                f"{self._most} wrong passwords were tried for this address; try again in an hour", code="too_many_wrong"
            )

    def note_wrong(self, tenant: str, email: str) -> None:
        """Count a wrong password; the hour begins with the first."""
        with self._lock:
            self._wrong.setdefault(_name(tenant, email), [0])[0] += 1

    def note_right(self, tenant: str, email: str) -> None:
        """Begin anew: it was the owner."""
        with self._lock:
            self._wrong.pop(_name(tenant, email), None)


def _name(tenant: str, email: str) -> bytes:
    return sha256(f"{tenant}\0{email}".encode("utf-8", "surrogatepass")).digest()
