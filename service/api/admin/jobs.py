"""``/v1/admin/jobs``: what is done in the background, and what should be done now."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from service.api.admin.listed import CSV_TOO, AsFormat, Format, listed
from service.api.admin.sent_by_us import sent_by_us
from service.api.clock import Now
from service.api.dependencies import State
from service.core.errors import InvalidQuery
from service.store.jobs import Job, JobStatus, enqueue, recent

router = APIRouter(prefix="/v1/admin/jobs", tags=["admin"])

Name = Literal["popular", "training", "embeddings", "content", "privacy"]
_NAMES: tuple[Name, ...] = ("popular", "training", "embeddings", "content", "privacy")


class JobRow(BaseModel):
    """One run of something."""

    id: int
    name: str
    status: JobStatus
    progress: float = Field(description="0 to 1")
    message: str | None = Field(description="what it is doing, or what came of it")
    error: str | None
    scheduled_for: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None = Field(description="it took, or has taken so far")
    attempts: int
    worker: str | None


class JobsOut(BaseModel):
    """Queued last comes first."""

    can_run: list[str] = Field(description="names that may be asked for: those that the schedule knows")
    rows: list[JobRow]


class JobIn(BaseModel):
    """What is to be done now."""

    model_config = ConfigDict(extra="forbid")

    name: Name


@router.get("", summary="What is done in the background", response_model=JobsOut, responses=CSV_TOO)
async def get_jobs(
    state: State, now: Now, n: Annotated[int, Query(ge=1, le=1000)] = 100, form: AsFormat = Format.JSON
) -> Response:
    """Runs, how far they are, and what came of them."""

    def work() -> list[JobRow]:
        with state.runtime.database.session() as session:
            return [_row(one, now) for one in recent(session, n)]

    rows = await state.call(work)
    return listed(JobsOut(can_run=list(_scheduled(state)), rows=rows), rows, form, "jobs")


@router.post("", status_code=202, summary="Have something done now", dependencies=[Depends(sent_by_us)])
async def post_job(body: JobIn, state: State, now: Now) -> JobRow:
    """Whoever works in the background takes it up within a minute; one that is running ends first."""
    if body.name not in _scheduled(state):
        raise InvalidQuery(
            f"{body.name} is not scheduled here: [schedule] in the configuration gives it 0 s", code="not_scheduled"
        )

    def work() -> JobRow:
        with state.runtime.database.session() as session:
            return _row(enqueue(session, body.name, scheduled_for=now), now)

    return await state.call(work)


def _scheduled(state: State) -> list[Name]:
    return [name for name in _NAMES if getattr(state.runtime.params.schedule, f"{name}_s") > 0]


def _row(job: Job, now: datetime) -> JobRow:
    end = job.finished_at or now
    took = None if job.started_at is None else round(max(0.0, (end - job.started_at).total_seconds()), 1)
    return JobRow(
        id=job.id, name=job.name, status=job.status, progress=job.progress, message=job.message, error=job.error,
        scheduled_for=job.scheduled_for, started_at=job.started_at, finished_at=job.finished_at, seconds=took,
        attempts=job.attempts, worker=job.claimed_by,
    )  # fmt: skip
