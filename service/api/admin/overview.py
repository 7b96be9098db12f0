"""``/v1/admin/overview`` and ``/v1/admin/alarms``: the shop at a glance, and what is wrong with it."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from service.api.admin.alarms import MINUTES, Alarm, Facts, alarms
from service.api.admin.listed import CSV_TOO, AsFormat, Format, listed
from service.api.clock import Now
from service.api.dependencies import AppState, State, Tenant
from service.api.readiness import PartState, overall, parts
from service.core.errors import RecommenderError
from service.lately import Lately, Span, together
from service.store.catalog import count_products
from service.store.jobs import Job, JobStatus, recent
from service.store.lag import IndexLag, index_lag
from service.store.releases import Release, live_release
from service.store.spaces import PRODUCTS

router = APIRouter(prefix="/v1/admin", tags=["admin"])

_JOBS = 100


class PartRow(BaseModel):
    """One of the things an answer needs."""

    name: str
    state: PartState
    reason: str | None


class RecentOut(BaseModel):
    """What this process answered in the last minutes."""

    minutes: int
    requests: int
    failed: int = Field(description="with a status of 500 or more")
    refused: int = Field(description="turned away because too many waited")
    lists: int = Field(description="requests that made a list")
    p95_ms: float | None = Field(description="of the slowest surface; null without any")


class Overview(BaseModel):
    """As of this moment, of the process that answers; what the database should say is null where it does not."""

    status: PartState
    alarms: list[Alarm] = Field(description="what is wrong, the worst first")
    recent: RecentOut
    parts: list[PartRow]
    products: int | None
    indexed: int | None = Field(description="null where the index cannot say")
    index_waiting: int | None = Field(description="changed products that the index has not seen")
    index_lag_s: float | None = Field(description="for how long the first of them has waited")
    release: str | None = Field(description="the one that answers")
    release_at: datetime | None
    events_waiting: int
    impressions_waiting: int
    impressions_dropped: int
    jobs_waiting: int | None
    jobs_running: int | None
    jobs_failed: int | None = Field(description="names whose last run failed")
    requests_per_s: float
    events_per_s: float
    clicks_per_s: float
    profile: str | None
    demo: bool = Field(description="whether the shop was made by `vitrine demo`")


class AlarmsOut(BaseModel):
    """The worst first."""

    rows: list[Alarm]


@dataclass(frozen=True, slots=True)
class _Stored:
    products: int
    lag: IndexLag
    live: Release | None
    jobs: list[Job]


@router.get("/overview", summary="The shop at a glance")
async def get_overview(request: Request, state: State, tenant: Tenant, now: Now) -> Overview:
    """What is wrong, parts, index, release, queues and jobs: what to look at first."""
    app = request.app.state
    rates, span = app.live.counted(tenant), _recent(request)
    return await state.call(lambda: _overview(state, tenant, now, span, rates, app.events.waiting))


@router.get("/alarms", summary="What is wrong right now", response_model=AlarmsOut, responses=CSV_TOO)
async def get_alarms(
    request: Request, state: State, tenant: Tenant, now: Now, form: AsFormat = Format.JSON
) -> Response:
    """Thresholds as in `config/deploy/prometheus/alerts.yml`, of this process; nothing is wrong where it is empty."""
    overview = await get_overview(request, state, tenant, now)
    return listed(AlarmsOut(rows=overview.alarms), overview.alarms, form, "alarms")


def _recent(request: Request) -> Span:
    lately: Lately = request.app.state.lately
    return together(lately.minutes(MINUTES))


def _overview(
    state: AppState, tenant: str, now: datetime, span: Span, rates: dict[str, dict[str, float]], events_waiting: int
) -> Overview:
    runtime = state.runtime
    found, stored = parts(state), _stored(state, tenant)
    jobs = stored.jobs if stored else []
    last = {job.name: job for job in reversed(jobs) if job.status in (JobStatus.DONE, JobStatus.FAILED)}
    queued = [job for job in jobs if job.status is JobStatus.QUEUED]
    running = sum(job.status is JobStatus.RUNNING for job in jobs)
    shown, live = runtime.impressions.state, stored.live if stored else None
    facts = Facts(
        now=now, parts=found, recent=span, products=stored.products if stored else None,
        lag=stored.lag if stored else None, release=live, trains=runtime.params.schedule.training_s > 0, last=last,
        queued=queued, running=running, events_waiting=events_waiting, lists_lost=shown.dropped,
    )  # fmt: skip
    return Overview(
        status=overall(found), alarms=alarms(facts), recent=_recent_out(span),
        parts=[PartRow(name=part.name, state=part.state, reason=part.reason) for part in found],
        products=facts.products, indexed=_indexed(state), index_waiting=stored.lag.waiting if stored else None,
        index_lag_s=round(stored.lag.seconds(now), 1) if stored else None, release=live.id if live else None,
        release_at=live.created_at if live else None, events_waiting=events_waiting,
        impressions_waiting=shown.waiting, impressions_dropped=shown.dropped,
        jobs_waiting=len(queued) if stored else None, jobs_running=running if stored else None,
        jobs_failed=sum(job.status is JobStatus.FAILED for job in last.values()) if stored else None,
        requests_per_s=rates["requests"]["per_s"], events_per_s=rates["events"]["per_s"],
        clicks_per_s=rates["clicks"]["per_s"], profile=runtime.settings.profile,
        demo=(runtime.settings.data_dir / "demo").is_dir(),
    )  # fmt: skip


def _recent_out(span: Span) -> RecentOut:
    slowest = [one.quantile_ms(0.95) or 0.0 for one in span.surfaces.values()]
    return RecentOut(
        minutes=MINUTES, requests=span.requests, failed=span.failed, refused=span.refused, lists=span.lists,
        p95_ms=round(max(slowest), 1) if slowest else None,
    )  # fmt: skip


def _stored(state: AppState, tenant: str) -> _Stored | None:
    try:
        with state.runtime.database.session() as session:
            jobs = list(recent(session, _JOBS))
            return _Stored(count_products(session, tenant, None), index_lag(session), live_release(session), jobs)
    except RecommenderError:  # the part `database` says why
        return None


def _indexed(state: AppState) -> int | None:
    try:
        return state.runtime.store.count(PRODUCTS)
    except RecommenderError:
        return None
