"""What operators look at first."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    """One of the things an answer needs."""

    name: str
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentOut:
    """What this process answered in the last minutes."""

    minutes: int
    requests: int
    failed: int  # with a status of 500 or more
    refused: int  # turned away because too many waited
    lists: int  # requests that made a list
    p95_ms: float | None  # of the slowest surface; null without any


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One thing that is wrong."""

    severity: str  # bad: look at it now; fair: look at it today
    name: str
    says: str
    do: str  # what to do about it
    section: str  # of the dashboard, where more is to be seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """As of this moment, of the process that answers; what the database should say is null where it does not."""

    status: str
    alarms: tuple[Alarm, ...]  # what is wrong, the worst first
    recent: RecentOut
    parts: tuple[PartRow, ...]
    products: int | None
    indexed: int | None  # null where the index cannot say
    index_waiting: int | None  # changed products that the index has not seen
    index_lag_s: float | None  # for how long the first of them has waited
    release: str | None  # the one that answers
    release_at: datetime | None
    events_waiting: int
    impressions_waiting: int
    impressions_dropped: int
    jobs_waiting: int | None
    jobs_running: int | None
    jobs_failed: int | None  # names whose last run failed
    requests_per_s: float
    events_per_s: float
    clicks_per_s: float
    profile: str | None
    demo: bool  # whether the shop was made by `vitrine demo`


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmsOut:
    """The worst first."""

    rows: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MinuteRow:
    """One minute."""

    at: datetime  # its begin
    requests: int
    failed: int  # with a status of 500 or more
    refused: int  # turned away because too many waited
    lists: int  # requests that made a list
    p95_ms: dict[str, float]  # surface -> time within which 95 % of its lists were made
    left_out: dict[str, int]  # signal and reason -> requests in which it did not take part


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesOut:
    """The oldest first, the running one last; also those without a request."""

    rows: tuple[MinuteRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRow:
    """One hour or day."""

    at: datetime  # its begin, UTC
    lists: int  # lists shown
    visitors: int  # people they were shown to
    views: int
    clicks: int
    carts: int
    wishlists: int
    purchases: int
    searches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityOut:
    """The oldest first; the running hour or day comes last and is not over."""

    step_s: int
    rows: tuple[ActivityRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficRow:
    """One surface, step of one, or route."""

    name: str
    within: str | None  # of a step: its surface; of a route: the method
    requests: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Most often first."""

    rows: tuple[TrafficRow, ...]
