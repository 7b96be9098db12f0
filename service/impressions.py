"""Step 8, record: what was shown and searched is written behind the answers, in batches; what is lost is counted."""

from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread

import structlog

from service.asked import asked_of
from service.context import Request
from service.core.errors import RecommenderError
from service.core.impression import Impression
from service.core.searched import Searched
from service.core.types import Slate
from service.searched import searched_of
from service.store.database import Database
from service.store.impressions import write_impressions
from service.store.search_events import forget_searches, write_searches

log = structlog.get_logger()

_BATCH = 2_000
_RETRY_S = 1.0
_LONGEST_STOP_S = 5.0
_FORGET_EVERY = timedelta(hours=1)


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ImpressionState:
    """How the log is doing: slates written and lost since the start, and those that wait."""

    written: int
    dropped: int
    waiting: int
    failure: str | None


@dataclass(frozen=True, slots=True)
class _Answered:
    """What is kept of one answer: what it showed, if anything, and what was searched for, if it was a search."""

    shown: Impression | None
    searched: Searched | None

    def is_of(self, tenant: str, user: str, sessions: Container[str], visitors: Container[int]) -> bool:
        """Whether it is somebody's."""
        shown, searched = self.shown, self.searched
        if shown is not None and shown.tenant == tenant:
            return shown.user == user or (shown.user is None and shown.session in sessions)
        return searched is not None and searched.tenant == tenant and searched.visitor in visitors


class ImpressionLog:
    """A bounded queue and a thread that empties it; keeps nothing before `start`.

    While the database does not answer, slates wait; when the queue is full, new ones are counted and let go: an answer
    never waits for its own record.

    Parameters
    ----------
    flush_s : how often to write. most_waiting : slates, at most.
    searches_days : searches are forgotten after so many days; None keeps them.
    slots : first products of a slate that are kept; None keeps all.
    """

    def __init__(
        self, database: Database, flush_s: float, most_waiting: int, now: Callable[[], datetime] = utc_now,
        searches_days: float | None = None, slots: int | None = None,
    ) -> None:  # fmt: skip
        self._database = database
        self._flush_s = flush_s
        self._most_waiting = most_waiting
        self._now = now
        self._searches_days = searches_days
        self._slots = slots
        self._forget_at = datetime.min.replace(tzinfo=UTC)
        self._waiting: deque[_Answered] = deque()
        self._writing = Lock()
        self._stop = Event()
        self._thread: Thread | None = None
        self._written = self._dropped = self._reported = 0
        self._failure: str | None = None

    @property
    def state(self) -> ImpressionState:
        """Figures of this moment."""
        return ImpressionState(self._written, self._dropped, len(self._waiting), self._failure)

    def put(self, request: Request, slate: Slate) -> None:
        """Have a slate written soon, and of a search that it was made; returns at once."""
        if self._thread is None:
            return
        now = self._now()
        searched = searched_of(request, slate, now)
        if not slate.items and searched is None:
            return
        if len(self._waiting) >= self._most_waiting:
            self._dropped += 1
            return
        shown = Impression(
            slate.request_id, request.tenant, slate.surface, request.shelf, slate.arms, slate.release, request.user,
            request.session, now, slate.level, slate.items[: self._slots], slate.draw, asked_of(request),
        ) if slate.items else None  # fmt: skip
        self._waiting.append(_Answered(shown, searched))

    def forget(self, tenant: str, user: str, sessions: Container[str], visitors: Container[int]) -> int:
        """Let go of what waits of somebody; returns how many answers that were."""
        with self._writing:
            waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
            kept = [one for one in waiting if not one.is_of(tenant, user, sessions, visitors)]
            self._waiting.extendleft(reversed(kept))
        return len(waiting) - len(kept)

    def start(self) -> None:
        """Begin to keep what is shown."""
        self._stop.clear()
        self._thread = Thread(target=self._run, name="impressions", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end."""
        thread, self._thread = self._thread, None
        self._stop.set()
        if thread is not None:
            thread.join(_LONGEST_STOP_S)
        self._flush()
        if self._waiting:
            log.warning("impressions_lost", waiting=len(self._waiting), failure=self._failure)

    def _run(self) -> None:
        while not self._stop.wait(self._flush_s if self._failure is None else _RETRY_S):
            self._flush()
            self._forget()

    def _forget(self) -> None:
        now = self._now()
        if self._searches_days is None or now < self._forget_at:
            return
        self._forget_at = now + _FORGET_EVERY
        try:
            with self._database.session() as session:
                forget_searches(session, before=now - timedelta(days=self._searches_days))
        except Exception as error:  # noqa: BLE001  an hour later is soon enough
            log.warning("searches_not_forgotten", error=str(error))

    def _flush(self) -> None:
        with self._writing:
            while batch := [self._waiting[place] for place in range(min(_BATCH, len(self._waiting)))]:
                try:
                    with self._database.session() as session:
                        write_impressions(session, [each.shown for each in batch if each.shown is not None])
                        write_searches(session, [each.searched for each in batch if each.searched is not None])
                except Exception as error:  # noqa: BLE001  they stay for the next attempt
                    self._fail(error)
                    return
                for _ in batch:
                    self._waiting.popleft()  # only now: what is being written still waits
                self._written += len(batch)
                self._failure = None
        if self._dropped > self._reported:
            log.warning("impressions_dropped", dropped=self._dropped)
            self._reported = self._dropped

    def _fail(self, error: Exception) -> None:
        message = error.message if isinstance(error, RecommenderError) else type(error).__name__
        if self._failure is None:
            log.warning("impressions_wait", error=message, waiting=len(self._waiting))
        self._failure = message
