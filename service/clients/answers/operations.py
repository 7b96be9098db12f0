"""Releases, jobs, and whether the service can do its work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRow:
    """One training run's result."""

    id: str
    status: str
    created_at: datetime
    promoted_at: datetime | None
    replaced: str | None  # the release that answered before this one
    message: str | None  # why it failed
    ndcg_10: float | None  # of the fused signals on held-out interactions
    hit_rate_10: float | None
    interactions: int | None
    products: int | None
    users: int | None
    metrics: dict[str, Any]  # signal -> figures


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasesOut:
    """Newest first."""

    live: str | None
    rows: tuple[ReleaseRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One run of something."""

    id: int
    name: str
    status: str
    progress: float  # 0 to 1
    message: str | None  # what it is doing, or what came of it
    error: str | None
    scheduled_for: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None  # it took, or has taken so far
    attempts: int
    worker: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsOut:
    """Queued last comes first."""

    can_run: tuple[str, ...]  # names that may be asked for: those that the schedule knows
    rows: tuple[JobRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOut:
    """One of the things an answer needs."""

    state: str  # degraded: answers are poorer; failed: there are none
    reason: str | None  # why, and what to do; null where there is nothing to say


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyOut:
    """That this process can do its work, and how its parts are."""

    status: str
    pid: int  # of the process that answers
    parts: dict[str, PartOut]
    indexed: int | None  # products in the index
    waiting: int  # changed products that the index has not seen
    indexing_failure: str | None
    impressions: dict[str, Any]  # lists shown: written, waiting, dropped, failure
    events_waiting: int  # events that wait to be written
    problems: dict[str, str]  # parts that do not work -> why
