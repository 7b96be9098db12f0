"""Live updates of one process: hears of events, looks at the trend, counts, and tells who listens."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import structlog

from config.serving import LiveParams
from service.core.types import Interaction
from service.live.counters import Counters, Totals, rates
from service.live.hub import Hub, Person

log = structlog.get_logger()

_COUNT_S = 1.0
_FAREWELL_S = 0.5  # for pages to be told that the service stops
_REFRESH = {"refresh": True, "reason": "events"}
Trending = Callable[[str], Awaitable[Mapping[str, Any] | None]]


class Bus(Protocol):
    """The way to the other processes; loses messages rather than making anybody wait."""

    async def send(self, message: Mapping[str, Any]) -> None:
        """Tell all others."""

    async def listen(self, hear: Callable[[Mapping[str, Any]], None]) -> None:
        """Pass on what others tell, until cancelled."""


class Live:
    """The live updates of one process.

    Parameters
    ----------
    trending : what trends in a tenant's shop; None before anything was counted. bus : None with one process only.
    """

    def __init__(self, params: LiveParams, trending: Trending, bus: Bus | None = None) -> None:
        self.params = params
        self.hub = Hub(params.connections)
        self.counters = Counters()
        self._trending = trending
        self._bus = bus
        self._shown: dict[str, Mapping[str, Any]] = {}
        self._changed: set[Person] = set()
        self._before = (time.monotonic(), self.counters.all(0.0))
        self._flush: asyncio.TimerHandle | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin, within the event loop that serves."""
        work = [self._tick_trending(), self._tick_counters()]
        if self._bus is not None:
            work.append(self._bus.listen(self._hear))
        self._tasks = [asyncio.create_task(each) for each in work]

    async def close(self) -> None:
        """Tell every page that the service stops, and wait a moment until they have gone; twice is fine."""
        self.hub.close()
        deadline = time.monotonic() + _FAREWELL_S
        while len(self.hub) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """End what `start` began."""
        await self.close()
        if self._flush is not None:
            self._flush.cancel()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks = []

    def heard(self, events: Iterable[Interaction]) -> None:
        """Events that were recorded just now; those who did them are told within `[live] feed_ms`."""
        is_of_interest = bool(self._bus is not None or len(self.hub))
        for event in events:
            self.counters.event(event)
            if is_of_interest:
                self._changed.update(people(event.tenant, event.user, event.session))
        if self._changed and self._flush is None:
            self._flush = asyncio.get_running_loop().call_later(self.params.feed_ms / 1000, self._tell_changed)

    async def trending(self, tenant: str) -> Mapping[str, Any] | None:
        """What trends there, for somebody who has just come."""
        if tenant not in self._shown:
            await self._look(tenant)
        return self._shown.get(tenant)

    def counted(self, tenant: str) -> Mapping[str, Any]:
        """How much is going on there, measured since the last whole second."""
        at, before = self._before
        now = time.monotonic()
        return rates(before, self.counters.all(now), tenant, max(now - at, 0.1))

    def _tell_changed(self) -> None:
        self._flush = None
        changed, self._changed = self._changed, set()
        self.hub.tell(changed, _REFRESH)
        if self._bus is not None:
            self._send({"feed": [list(person) for person in changed]})

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._bus is not None:
            task = asyncio.create_task(self._bus.send(message))
            self._tasks.append(task)
            task.add_done_callback(self._tasks.remove)

    def _hear(self, message: Mapping[str, Any]) -> None:
        if "feed" in message:
            self.hub.tell((Person(*person) for person in message["feed"]), _REFRESH)
        if "totals" in message:
            totals: dict[str, Totals] = {tenant: tuple(row) for tenant, row in message["totals"].items()}
            self.counters.hear(str(message["from"]), totals, time.monotonic())

    async def _tick_trending(self) -> None:
        while True:
            await asyncio.sleep(self.params.trending_s)
            for tenant in self.hub.tenants("trending"):
                if await self._look(tenant):
                    self.hub.publish(tenant, "trending", self._shown[tenant])

    async def _look(self, tenant: str) -> bool:
        """Whether something else trends than before."""
        try:
            found = await self._trending(tenant)
        except Exception as error:  # noqa: BLE001  what was shown before stays, and the next look may succeed
            log.warning("trending_not_looked_at", error=str(error))
            return False
        if found is None or found == self._shown.get(tenant):
            return False
        self._shown[tenant] = found
        return True

    async def _tick_counters(self) -> None:
        while True:
            await asyncio.sleep(_COUNT_S)
            for tenant in self.hub.tenants("counters"):
                self.hub.publish(tenant, "counters", self.counted(tenant))
            now = time.monotonic()
            self._before = (now, self.counters.all(now))
            self._send({"totals": self.counters.own()})


def people(tenant: str, user: str | None, session: str | None) -> tuple[Person, ...]:
    """Whose feed something of this user or session changes.

    Examples
    --------
    >>> people("shop", None, "s1")
    (Person(tenant='shop', kind='session', id='s1'),)
    """
    found = []
    if user is not None:
        found.append(Person(tenant, "user", user))
    if session is not None:
        found.append(Person(tenant, "session", session))
    return tuple(found)
