"""``/v1/admin/overview``: the shop at a glance."""

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from service.api.clock import Now
from service.api.dependencies import State, Tenant
from service.api.readiness import PartState, overall, parts
from service.core.errors import RecommenderError
from service.store.catalog import count_products
from service.store.jobs import JobStatus, recent
from service.store.lag import index_lag
from service.store.releases import live_release
from service.store.spaces import PRODUCTS

router = APIRouter(prefix="/v1/admin", tags=["admin"])

_JOBS = 100


class PartRow(BaseModel):
    """One of the things an answer needs."""

    name: str
    state: PartState
    reason: str | None


class Overview(BaseModel):
    """As of this moment, of the process that answers."""

    status: PartState
    parts: list[PartRow]
    products: int
    indexed: int | None = Field(description="null where the index cannot say")
    index_waiting: int = Field(description="changed products that the index has not seen")
    index_lag_s: float = Field(description="for how long the first of them has waited")
    release: str | None = Field(description="the one that answers")
    release_at: datetime | None
    events_waiting: int
    impressions_waiting: int
    impressions_dropped: int
    jobs_waiting: int
    jobs_running: int
    jobs_failed: int = Field(description="names whose last run failed")
    requests_per_s: float
    events_per_s: float
    clicks_per_s: float
    profile: str | None
    demo: bool = Field(description="whether the shop was made by `vitrine demo`")


@router.get("/overview", summary="The shop at a glance")
async def get_overview(request: Request, state: State, tenant: Tenant, now: Now) -> Overview:
    """Parts, index, release, queues and jobs: what to look at first."""
    runtime, app = state.runtime, request.app.state
    rates = app.live.counted(tenant)

    def work() -> Overview:
        found = parts(state)
        with runtime.database.session() as session:
            products, lag = count_products(session, tenant, None), index_lag(session)
            live, jobs = live_release(session), recent(session, _JOBS)
        last = {job.name: job for job in reversed(jobs) if job.status in (JobStatus.DONE, JobStatus.FAILED)}
        shown = runtime.impressions.state
        return Overview(
            status=overall(found),
            parts=[PartRow(name=part.name, state=part.state, reason=part.reason) for part in found],
            products=products, indexed=_indexed(state), index_waiting=lag.waiting,
            index_lag_s=round(lag.seconds(now), 1), release=live.id if live else None,
            release_at=live.created_at if live else None, events_waiting=app.events.waiting,
            impressions_waiting=shown.waiting, impressions_dropped=shown.dropped,
            jobs_waiting=sum(job.status is JobStatus.QUEUED for job in jobs),
            jobs_running=sum(job.status is JobStatus.RUNNING for job in jobs),
            jobs_failed=sum(job.status is JobStatus.FAILED for job in last.values()),
            requests_per_s=rates["requests"]["per_s"], events_per_s=rates["events"]["per_s"],
            clicks_per_s=rates["clicks"]["per_s"], profile=runtime.settings.profile,
            demo=(runtime.settings.data_dir / "demo").is_dir(),
        )  # fmt: skip

    return await state.call(work)


def _indexed(state: State) -> int | None:
    try:
        return state.runtime.store.count(PRODUCTS)
    except RecommenderError:
        return None
