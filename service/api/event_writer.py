"""Group commit: requests that come together are committed together, so that many small bodies are fast too."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from anyio import to_thread

from service.core.errors import DependencyUnavailable
from service.core.types import Interaction
from service.store.events import EventOutcome, EventStatus

GROUP = 5_000  # events of one transaction; one request more may go over it
Write = Callable[[Sequence[Interaction]], list[EventOutcome]]


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    events: list[Interaction]
    answer: "asyncio.Future[list[EventOutcome]]"


class EventWriter:
    """Writes the events of many requests through one transaction at a time.

    A request that comes while nothing is being written is written at once; those that come meanwhile wait, and are
    written together. So nobody waits for company, and SQLite, which has one writer, is never fought for.

    Parameters
    ----------
    write : stores events and commits them; blocks; one outcome per event, in the same order.
    most_waiting : events of all waiting requests, at most; more are turned away.
    """

    def __init__(self, write: Write, most_waiting: int) -> None:
        self._write = write
        self._most_waiting = most_waiting
        self._waiting: deque[_Request] = deque()
        self._count = 0
        self.outcomes: Counter[str] = Counter()  # of all events so far, by what became of them
        self._drain: asyncio.Task[None] | None = None
        self.heard: Callable[[Sequence[Interaction]], None] = _nobody  # told of what was recorded; must be quick

    @property
    def waiting(self) -> int:
        """Events that wait to be written."""
        return self._count

    async def record(self, events: list[Interaction]) -> list[EventOutcome]:
        """Write events; returns once they are committed.

        Raises
        ------
        DependencyUnavailable : the database does not answer, or too many events wait already.
        """
        if not events:
            return []
        if self._waiting and self._count + len(events) > self._most_waiting:
            raise DependencyUnavailable(
                f"{self._count} events wait to be written already; send these again shortly", code="too_busy"
            )
        request = _Request(events, asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._count += len(events)
        if self._drain is None:
            self._drain = asyncio.create_task(self._work())
        return await request.answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._commit(self._take())
        finally:
            self._drain = None

    def _take(self) -> list[_Request]:
        group: list[_Request] = []
        size = 0
        while self._waiting and size < GROUP:
            group.append(self._waiting.popleft())
            size += len(group[-1].events)
        self._count -= size
        return group

    async def _commit(self, group: list[_Request]) -> None:
        work = partial(self._write, [event for request in group for event in request.events])
        done = asyncio.ensure_future(to_thread.run_sync(work))
        await asyncio.wait([done])
        error = done.exception()
        if error is None:
            outcomes = iter(done.result())
            self.outcomes.update(outcome.status.value for outcome in done.result())
            recorded: list[Interaction] = []
            for request in group:
                became = [next(outcomes) for _ in request.events]
                pairs = zip(request.events, became, strict=True)
                recorded += [event for event, outcome in pairs if outcome.status is EventStatus.RECORDED]
                _answer(request, became)
            self.heard(recorded)
        elif len(group) == 1 or isinstance(error, DependencyUnavailable):
            for request in group:
                _fail(request, error)
        else:
            # one of them cannot be written: each by itself, so that it keeps no others out
            for request in group:
                await self._commit([request])


def _nobody(_: Sequence[Interaction]) -> None:
    pass


def _answer(request: _Request, outcomes: list[EventOutcome]) -> None:
    if not request.answer.done():  # nobody listens any more
        request.answer.set_result(outcomes)


def _fail(request: _Request, error: BaseException) -> None:
    if not request.answer.done():
        request.answer.set_exception(error)
