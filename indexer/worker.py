"""The indexing loop of a serving process: a thread that works off the outbox as products change."""

import time
from dataclasses import dataclass, field
from threading import Event, Thread

import structlog

from indexer.sync import Outbox, index_stale
from service.core.errors import RecommenderError
from service.store.outbox import count_stale
from service.store.spaces import PRODUCTS, release_of

log = structlog.get_logger()

_LONGEST_PAUSE_S = 30.0
_LONGEST_STOP_S = 5.0
_LOOK_S = 5.0  # how often is looked whether the index has been emptied


@dataclass(slots=True)
class IndexingState:
    """What the loop is doing, for health checks.

    Attributes
    ----------
    waiting : changed products. failure : the last one, if it still lasts. seen_at : its last step, `time.monotonic`.
    """

    waiting: int = 0
    failure: str | None = None
    seen_at: float = field(default_factory=time.monotonic)


class IndexingLoop:
    """Runs `index_stale` whenever products changed.

    Parameters
    ----------
    poll_s : how often to look. optimize_after : points written after which the search graph is built.
    """

    def __init__(self, outbox: Outbox, poll_s: float, optimize_after: int) -> None:
        self._outbox = outbox
        self._poll_s = poll_s
        self._optimize_after = optimize_after
        self._stop = Event()
        self._changed = Event()
        self._thread = Thread(target=self._run, name="indexing", daemon=True)
        self._written = 0
        self._filled: tuple[str, ...] = ()
        self._looked_at = time.monotonic()
        self.state = IndexingState()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once: something changed."""
        self._changed.set()

    def stop(self) -> None:
        """End after the batch in work; what is left stays in the outbox."""
        self._stop.set()
        self._changed.set()
        if self._thread.is_alive():
            self._thread.join(_LONGEST_STOP_S)  # building the graph of a large shop ends when its store is closed

    def _run(self) -> None:
        pause = self._poll_s
        while not self._stop.is_set():
            self.state.seen_at = time.monotonic()
            try:
                self._once()
            except Exception as error:
                self.state.failure = str(error) if isinstance(error, RecommenderError) else type(error).__name__
                log.error("indexing_failed", error=str(error), exc_info=not isinstance(error, RecommenderError))
                pause = min(pause * 2, _LONGEST_PAUSE_S)
            else:
                self.state.failure = None
                pause = self._poll_s
            self._changed.wait(pause)
            self._changed.clear()

    def _once(self) -> None:
        self._refill()
        self._fill_release()
        with self._outbox.database.session() as session:
            self.state.waiting = count_stale(session)
        if not self.state.waiting:
            return
        start = time.monotonic()
        report = index_stale(self._outbox, on_progress=self._progress, stop=self._stop)
        self._written += report.embedded + report.deleted
        if self._written >= self._optimize_after and not self._stop.is_set():
            self._outbox.store.optimize(PRODUCTS)
            self._written = 0
        log.info(
            "indexed", embedded=report.embedded, updated=report.updated, deleted=report.deleted,
            pictures=report.pictures, picture_problems=report.picture_problems, seconds=time.monotonic() - start,
        )  # fmt: skip

    def _refill(self) -> None:
        """Somebody may have emptied the index under us; whoever opens a shop looks for that too."""
        if self._outbox.refill is None or time.monotonic() - self._looked_at < _LOOK_S:
            return
        if self._outbox.refill():
            self._filled = ()
            log.warning("index_had_been_emptied", do="nothing: all products are embedded again")
        self._looked_at = time.monotonic()

    def _fill_release(self) -> None:
        """A release just put in force may know less than the one before: a rollback, or one promoted late."""
        newcomers, collections = self._outbox.newcomers, tuple(self._outbox.also())
        if newcomers is None or collections == self._filled:
            return
        for release in filter(None, map(release_of, collections)):
            if added := newcomers.fill(release):
                log.info("newcomers_added", release=release, products=added)
        self._filled = collections

    def _progress(self, done: int) -> None:
        self.state.seen_at = time.monotonic()
        self.state.waiting -= done
        if self.state.waiting <= 0:  # more has come since they were counted: nobody is told that nothing waits
            with self._outbox.database.session() as session:
                self.state.waiting = count_stale(session)
