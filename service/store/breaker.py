"""A server that does not answer is not waited for by everybody: others are told at once, and one tries now and then."""

import itertools
import time
from collections.abc import Callable
from typing import TypeVar

from service.core.errors import DependencyUnavailable

T = TypeVar("T")


class NoAnswer(DependencyUnavailable):
    """Nothing came back in time, or nobody listens."""


class Breaker:
    """Lets calls through while they are answered.

    After one that was not, the others are refused for `pause_s`, then one goes through to see. While one has been
    waiting for `slow_s` the others are refused too: they would only wait beside it, each with a thread of its own.

    Parameters
    ----------
    name : of the server, in messages.

    Examples
    --------
    >>> Breaker("Qdrant", pause_s=1.0, slow_s=2.0).call(lambda: "found")
    'found'
    """

    def __init__(self, name: str, pause_s: float, slow_s: float) -> None:
        self._name = name
        self._pause_s = pause_s
        self._slow_s = slow_s
        self._again_at = 0.0
        self._numbers = itertools.count()
        self._waiting: dict[int, float] = {}  # number of a call -> since when, the oldest first; dicts are thread-safe

    def call(self, ask: Callable[[], T]) -> T:
        """Make a call, or refuse to.

        Raises
        ------
        NoAnswer : it was not answered, or not made.
        """
        now = time.monotonic()
        oldest = next(iter(list(self._waiting.values())), now)
        if now < self._again_at or now - oldest > self._slow_s:
            raise NoAnswer(f"{self._name} did not answer a moment ago; it is asked again within seconds")
        if self._again_at:
            self._again_at = now + self._pause_s  # who comes after this one waits to see what becomes of it
        number = next(self._numbers)
        self._waiting[number] = now
        again_at = 0.0
        try:
            return ask()  # also what refuses us has answered
        except NoAnswer:
            again_at = time.monotonic() + self._pause_s
            raise
        finally:
            del self._waiting[number]
            self._again_at = again_at
