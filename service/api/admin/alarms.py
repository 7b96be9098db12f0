"""What is wrong right now, the worst first: the same thresholds as the alerts of `config/deploy/prometheus`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, Field

from service.api.readiness import Part, PartState
from service.lately import Span
from service.store.jobs import Job, JobStatus
from service.store.lag import IndexLag
from service.store.releases import Release

MINUTES = 5
"""How far back requests are looked at, the running minute included."""
_FEW = 20  # requests that say something about a share
_FAILED_SHARE = 0.01
_SLOW_MS = 250.0
_REFUSED_PER_S = 1.0
_LEFT_OUT_SHARE = 0.05
_LAG_S = 900.0
_OLD_RELEASE = timedelta(days=3)
_QUEUED = timedelta(minutes=10)
_EVENTS_WAITING = 20_000


class Alarm(BaseModel):
    """One thing that is wrong."""

    severity: Literal["bad", "fair"] = Field(description="bad: look at it now; fair: look at it today")
    name: str
    says: str
    do: str = Field(description="what to do about it")
    section: str = Field(description="of the dashboard, where more is to be seen")


@dataclass(frozen=True, slots=True)
class Facts:
    """What alarms are made of.

    Attributes
    ----------
    recent : the last `MINUTES` together. products, lag : None where the database does not answer.
    last : name of a job -> its last run that ended. trains : whether a training is due now and then.
    """

    now: datetime
    parts: Sequence[Part]
    recent: Span
    products: int | None
    lag: IndexLag | None
    release: Release | None
    trains: bool
    last: dict[str, Job]
    queued: Sequence[Job]
    running: int
    events_waiting: int
    lists_lost: int


def alarms(facts: Facts) -> list[Alarm]:
    """What is wrong, the worst first."""
    found = [
        *_of_parts(facts.parts), *_of_answers(facts.recent), *_of_catalogue(facts), *_of_jobs(facts),
        *_of_release(facts), *_of_records(facts),
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.severity)


def _of_parts(parts: Sequence[Part]) -> Iterator[Alarm]:
    for part in parts:
        why = part.reason or "no reason is known"
        if part.state is PartState.FAILED:
            yield _bad(f"{part.name} does not work", why, "`vitrine doctor` on this machine says more", "overview")
        elif part.state is PartState.DEGRADED:
            yield _fair(f"{part.name} works poorly", why, "answers are poorer until it is mended", "overview")


def _of_answers(recent: Span) -> Iterator[Alarm]:
    last = f"in the last {MINUTES} minutes"
    if recent.failed >= 3 and recent.failed > _FAILED_SHARE * recent.requests:
        says = f"{recent.failed:,} of {recent.requests:,} requests failed {last}"
        yield _bad("Answers fail", says, "the log has each of them with its request_id", "traffic")
    if recent.refused > _REFUSED_PER_S * MINUTES * 60:
        says = f"{recent.refused:,} requests were turned away {last}: more come than can be answered"
        yield _bad("Too many requests", says, "more processes, or [limits] per_minute for single callers", "traffic")
    for surface, times in sorted(recent.surfaces.items()):
        slow = times.quantile_ms(0.95)
        if times.n >= _FEW and slow is not None and slow > _SLOW_MS:
            says = f"one in twenty answers took longer than {slow:,.0f} ms {last}"
            yield _bad(f"{surface} is slow", says, "the steps under Speed say which part it is", "speed")
    for (signal, reason), n in recent.left_out.most_common():
        if n >= 3 and n > _LEFT_OUT_SHARE * recent.lists:
            says = f"{n:,} of {recent.lists:,} lists were made without it {last}: {reason.replace('_', ' ')}"
            yield _fair(f"{signal} is left out", says, "`vitrine doctor` on this machine says more", "signals")


def _of_catalogue(facts: Facts) -> Iterator[Alarm]:
    if facts.products == 0:
        yield _fair("There is no product", "nothing can be shown", "`vitrine load products FILE`", "catalogue")
    if facts.lag is not None and facts.lag.seconds(facts.now) > _LAG_S:
        says = f"{facts.lag.waiting:,} products wait, the first for {_long(facts.lag.seconds(facts.now))}"
        yield _bad("The index lags behind", says, "`vitrine serve` or `vitrine worker` must be running", "catalogue")


def _of_jobs(facts: Facts) -> Iterator[Alarm]:
    for name, job in sorted(facts.last.items()):
        if job.status is JobStatus.FAILED:
            yield _fair(f"The last {name} failed", job.error or "no reason is known", "run it again", "jobs")
    waiting = [job for job in facts.queued if facts.now - job.scheduled_for > _QUEUED]
    if waiting and not facts.running:
        longest = max((facts.now - job.scheduled_for).total_seconds() for job in waiting)
        says = f"{len(waiting)} wait, the first for {_long(longest)}, and none is running"
        yield _bad("Nobody does the jobs", says, "`vitrine serve` or `vitrine worker` must be running", "jobs")


def _of_release(facts: Facts) -> Iterator[Alarm]:
    if facts.lag is None or not facts.trains or not facts.products:
        return
    if facts.release is None:
        yield _fair("No release answers", "what people do counts for popularity only", "train one", "jobs")
    elif facts.now - facts.release.created_at > _OLD_RELEASE:
        says = f"trained {_long((facts.now - facts.release.created_at).total_seconds())} ago"
        yield _fair("The release is old", says, "train one; Jobs says how the last training ended", "releases")


def _of_records(facts: Facts) -> Iterator[Alarm]:
    if facts.events_waiting > _EVENTS_WAITING:
        says = f"{facts.events_waiting:,} events wait to be written"
        yield _bad("Events wait", says, "the database is too slow or away; none is lost", "overview")
    if facts.lists_lost:
        says = f"{facts.lists_lost:,} lists shown were not recorded since the start"
        yield _fair("Records were lost", says, "the database was too slow or away", "overview")


def _bad(name: str, says: str, do: str, section: str) -> Alarm:
    return Alarm(severity="bad", name=name[:1].upper() + name[1:], says=says, do=do, section=section)


def _fair(name: str, says: str, do: str, section: str) -> Alarm:
    return Alarm(severity="fair", name=name[:1].upper() + name[1:], says=says, do=do, section=section)


def _long(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
