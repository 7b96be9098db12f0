"""What one request did, noted while it runs: for its log line, its metrics and its trace; a few dict entries each."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from service.context import Request
from service.core.types import Slate

Record = Callable[[Request, Slate], None]


@dataclass(slots=True)
class Notes:
    """What is noted of a request; threads that work for it write into the same one.

    Attributes
    ----------
    slates : of each list made: surface, level it builds on, whether that is a fallback, whether it is short.
    degraded : signal -> why it did not take part. steps : name, start as `time.perf_counter` gave it, seconds.
    cache : hit or miss, of an answer that may be kept.
    worded : who put reasons into sentences: model, kept (what it said before) or template.
    """

    slates: list[tuple[str, str, bool, bool]] = field(default_factory=list)
    degraded: dict[str, str] = field(default_factory=dict)
    cache: str | None = None
    worded: str | None = None
    steps: list[tuple[str, float, float]] = field(default_factory=list)

    @property
    def surface(self) -> str | None:
        """Where its products are shown; None for a request that makes no list."""
        return self.slates[0][0] if self.slates else None

    @property
    def fallback(self) -> str | None:
        """What its first list builds on, where that is less than the user's own past."""
        return self.slates[0][1] if self.slates and self.slates[0][2] else None


@dataclass(frozen=True, slots=True)
class Answered:
    """A request that was answered.

    Attributes
    ----------
    route : the template, as ``/v1/users/{id}``; never the ids. start : as `time.perf_counter` gave it.
    traceparent : the caller's span, as W3C Trace Context writes it; empty where it named none.
    """

    method: str
    route: str
    status: int
    start: float
    seconds: float
    notes: Notes
    request_id: str = ""
    traceparent: str = ""


_NOTES: ContextVar[Notes | None] = ContextVar("notes", default=None)


@contextmanager
def observing() -> Iterator[Notes]:
    """Note what happens in the block, and in threads that take its context along.

    Examples
    --------
    >>> with observing() as kept:
    ...     notes() is kept
    True
    """
    token = _NOTES.set(Notes())
    try:
        yield _NOTES.get() or Notes()
    finally:
        _NOTES.reset(token)


def notes() -> Notes | None:
    """The notes of the request that this code works for; None outside of requests."""
    return _NOTES.get()


def note_cache(cache: str) -> None:
    """Note whether the answer was kept: hit or miss."""
    if (kept := _NOTES.get()) is not None:
        kept.cache = cache


def note_worded(by: str) -> None:
    """Note who put the reasons of a list into sentences, see `Notes`."""
    if (kept := _NOTES.get()) is not None:
        kept.worded = by


def noting(record: Record) -> Record:
    """Step 8 with a note of what the list is like."""

    def note(request: Request, slate: Slate) -> None:
        if (kept := _NOTES.get()) is not None:
            kept.slates.append((slate.surface, slate.level, slate.fallback is not None, slate.shortfall is not None))
            kept.degraded.update(slate.degraded)
        record(request, slate)

    return note
