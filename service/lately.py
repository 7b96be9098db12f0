"""What this process answered in the last hour, minute by minute: what figures since the start cannot tell."""

import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from service.measured import quantile
from service.observed import Answered

MINUTES = 60
_MINUTE_S = 60
_EDGES_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0)
_QUIET = ("/health", "/metrics")
_FAILED = 500


@dataclass(slots=True)
class Times:
    """How long some answers took, as counts between fixed edges."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(_EDGES_S) + 1))

    def add(self, seconds: float) -> None:
        """One more answer."""
        self.counts[bisect_left(_EDGES_S, seconds)] += 1

    @property
    def n(self) -> int:
        """How many."""
        return sum(self.counts)

    def quantile_ms(self, share: float) -> float | None:
        """The time, ms, within which this share of them was; None without any.

        Examples
        --------
        >>> times = Times()
        >>> times.quantile_ms(0.5) is None
        True
        >>> for _ in range(4): times.add(0.15)
        >>> times.quantile_ms(0.5)
        125.0
        """
        if not self.n:
            return None
        steps, running = [], 0
        for edge, count in zip((*_EDGES_S, float("inf")), self.counts, strict=True):
            running += count
            steps.append((edge, float(running)))
        return quantile(steps, share) * 1000


@dataclass(slots=True)
class Span:
    """One minute, or several together.

    Attributes
    ----------
    at : its begin, seconds since 1970. failed : answered with a status of 500 or more. lists : requests that made one.
    refused : turned away because too many waited. surfaces : surface -> times of requests that made a list for it.
    left_out : signal and reason -> requests in which it did not take part.
    """

    at: int
    requests: int = 0
    failed: int = 0
    refused: int = 0
    surfaces: dict[str, Times] = field(default_factory=dict)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def lists(self) -> int:
        """Requests that made a list."""
        return sum(times.n for times in self.surfaces.values())


class Lately:
    """The last hour; a microsecond per request, a few kilobytes in all, and nothing about anybody.

    Parameters
    ----------
    refused : how many requests were turned away since the start. clock : seconds since 1970.
    """

    def __init__(self, refused: Callable[[], int] = lambda: 0, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._refused = refused
        self._refused_before = 0
        self._kept: deque[Span] = deque(maxlen=MINUTES)

    def observe(self, answered: Answered) -> None:
        """Count a request."""
        if answered.route.startswith(_QUIET):
            return
        minute, notes = self._now(), answered.notes
        minute.requests += 1
        minute.failed += answered.status >= _FAILED
        if notes.surface is not None:
            minute.surfaces.setdefault(notes.surface, Times()).add(answered.seconds)
        minute.left_out.update(notes.degraded.items())

    def minutes(self, n: int = MINUTES) -> list[Span]:
        """The last `n` minutes, the oldest first, the running one last; those without a request too."""
        last = self._now().at
        kept = {one.at: one for one in self._kept}
        starts = range(last - (n - 1) * _MINUTE_S, last + 1, _MINUTE_S)
        return [kept.get(at) or Span(at) for at in starts]

    def _now(self) -> Span:
        at = int(self._clock()) // _MINUTE_S * _MINUTE_S
        if not self._kept or self._kept[-1].at < at:  # a clock set back adds to the last minute
            self._kept.append(Span(at))
        refused = self._refused()
        self._kept[-1].refused += refused - self._refused_before
        self._refused_before = refused
        return self._kept[-1]


def together(spans: Iterable[Span]) -> Span:
    """Several minutes as one, which begins with the first; there must be one.

    Examples
    --------
    >>> together([Span(0, requests=2), Span(60, requests=3, failed=1)]).requests
    5
    """
    first, *others = spans
    total = Span(first.at)
    for span in (first, *others):
        total.requests += span.requests
        total.failed += span.failed
        total.refused += span.refused
        total.left_out.update(span.left_out)
        for surface, times in span.surfaces.items():
            sums = total.surfaces.setdefault(surface, Times())
            sums.counts = [a + b for a, b in zip(sums.counts, times.counts, strict=True)]
    return total
