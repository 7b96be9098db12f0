"""Something per tenant that is made anew behind the answers when it has become old."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread
from typing import Generic, Protocol, TypeVar

import structlog

log = structlog.get_logger()

_PAUSE_S = 0.001  # now and then, so that answers are not kept waiting
_REST = 50.0  # times as long as making it took, until the next look

T = TypeVar("T")
Pause = Callable[[], None]


class Make(Protocol[T]):
    """Makes what is kept; `pause` is to be called now and then, and ends it where the service ends."""

    def __call__(self, tenant: str, before: T | None, pause: Pause, /) -> T:
        """Anew, or the one before where nothing has changed."""


@dataclass(frozen=True, slots=True, eq=False)
class _Known(Generic[T]):
    value: T
    look_at: float


class Refreshed(Generic[T]):
    """Keeps one value per tenant; a failing database leaves the last one in force.

    Parameters
    ----------
    name : of the thread, and in the log. refresh_s : how old a value may become, at least, before a thread looks again.
    """

    def __init__(self, name: str, make: Make[T], refresh_s: float) -> None:
        self._name = name
        self._make = make
        self._refresh_s = refresh_s
        self._known: dict[str, _Known[T]] = {}
        self._lock = Lock()
        self._closed = Event()
        self._thread: Thread | None = None

    def current(self, tenant: str) -> T:
        """The value in force; the first call of a tenant makes it and waits for it."""
        known = self._known.get(tenant)
        if known is None:
            with self._lock:
                return (self._known.get(tenant) or self._look(tenant)).value
        if time.monotonic() >= known.look_at:
            self.warm(tenant)
        return known.value

    def at_hand(self, tenant: str) -> T | None:
        """The same; None, instead of waiting, while another thread makes the first one."""
        if tenant in self._known:
            return self.current(tenant)
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return (self._known.get(tenant) or self._look(tenant)).value
        finally:
            self._lock.release()

    def is_ready(self, tenant: str) -> bool:
        """Whether `current` answers at once."""
        return tenant in self._known

    def forget(self) -> None:
        """Make all anew when they are next asked for."""
        self._known.clear()

    def warm(self, tenant: str) -> None:
        """Look in a thread, unless that is going on; returns at once."""
        if not self._closed.is_set() and self._lock.acquire(blocking=False):
            self._thread = Thread(target=self._behind, args=(tenant,), name=self._name, daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End what is going on, and wait for it."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _behind(self, tenant: str) -> None:
        try:
            self._look(tenant)
        except Exception as error:  # noqa: BLE001  the value before stays in force
            if not self._closed.is_set():
                log.warning("not_refreshed", what=self._name, error=str(error))
            if known := self._known.get(tenant):
                self._known[tenant] = replace(known, look_at=time.monotonic() + self._refresh_s)
        finally:
            self._lock.release()

    def _look(self, tenant: str) -> _Known[T]:
        start, known = time.monotonic(), self._known.get(tenant)
        value = self._make(tenant, known.value if known else None, self._pause)
        now = time.monotonic()
        self._known[tenant] = _Known(value, now + max(self._refresh_s, _REST * (now - start)))
        return self._known[tenant]

    def _pause(self) -> None:
        if self._closed.wait(_PAUSE_S):
            raise InterruptedError("the service ends")
