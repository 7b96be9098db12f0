"""Looks at parts that may hang: each in a thread of its own, one at a time, and waited for no longer than a moment."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class _Look(Generic[T]):
    begun_at: float
    future: "Future[T]"


class Probes(Generic[T]):
    """What is being looked at.

    A part that hangs keeps one thread, however often it is asked for; it is looked at anew once that look has ended.

    Examples
    --------
    >>> Probes[int]().ask({"sum": lambda: 1 + 1}, 5.0, lambda name, seconds: -1)
    {'sum': 2}
    """

    def __init__(self) -> None:
        self._looks: dict[str, _Look[T]] = {}
        self._lock = Lock()

    def ask(
        self, checks: Mapping[str, Callable[[], T]], limit_s: float, late: Callable[[str, float], T]
    ) -> dict[str, T]:
        """What each check says; all together wait no longer than the limit.

        Parameters
        ----------
        checks : do not raise. late : of a check that has not ended, and for how many seconds it has run.
        """
        end = time.monotonic() + limit_s
        looks = {name: self._look(name, check) for name, check in checks.items()}
        return {name: _result(name, look, end, late) for name, look in looks.items()}

    def _look(self, name: str, check: Callable[[], T]) -> _Look[T]:
        with self._lock:
            known = self._looks.get(name)
            if known is not None and not known.future.done():
                return known
            look = self._looks[name] = _Look(time.monotonic(), Future())
        Thread(target=_run, args=(check, look.future), name=f"probe-{name}", daemon=True).start()
        return look


def _run(check: Callable[[], T], future: "Future[T]") -> None:
    try:
        future.set_result(check())
    except BaseException as error:  # noqa: BLE001  whoever waits is told, whatever it is
        future.set_exception(error)


def _result(name: str, look: _Look[T], end: float, late: Callable[[str, float], T]) -> T:
    try:
        return look.future.result(max(0.0, end - time.monotonic()))
    except TooLate:
        return late(name, time.monotonic() - look.begun_at)
