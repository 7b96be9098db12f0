"""Jobs: what is to be done in the background, by one worker at a time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from service.core.errors import Conflict
from service.store.table_lock import lock_table
from service.store.tables import JOB

MAX_ATTEMPTS = 3
"""A job whose worker died so often (out of memory, say) is not tried again."""


class JobStatus(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One run of something.

    Attributes
    ----------
    scheduled_for : not to begin before; unique per name. claimed_by : the worker. heartbeat_at : its last sign of life.
    attempts : workers that began it. progress : 0 to 1. message : what it is doing. error : why it failed.
    """

    id: int
    name: str
    status: JobStatus
    scheduled_for: datetime
    claimed_by: str | None
    heartbeat_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int
    progress: float
    message: str | None
    error: str | None


def enqueue(session: Session, name: str, *, scheduled_for: datetime) -> Job:
    """Have something done; the same name for the same moment is the same job, whoever asks."""
    _lock(session)
    connection = session.connection()
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values = {"name": name, "status": JobStatus.QUEUED, "scheduled_for": scheduled_for, "attempts": 0, "progress": 0.0}
    connection.execute(insert(JOB).values(**values).on_conflict_do_nothing())
    return _job(connection.execute(select(JOB).where(JOB.c.name == name, JOB.c.scheduled_for == scheduled_for)).one())


def claim(session: Session, name: str, worker: str, now: datetime, *, lease_s: float) -> Job | None:
    """Take the job of this name that is due, so that nobody else does.

    While a worker runs a job of this name and gave a sign of life within `lease_s`, there is none. A job whose worker
    did not is taken over. Of several that are due only the last is run: the others are done with it.

    Parameters
    ----------
    worker : a name no other process has.
    """
    _lock(session)
    running = _first(session, JOB.c.name == name, JOB.c.status == JobStatus.RUNNING)
    if running is not None:
        if running.heartbeat_at is not None and now - running.heartbeat_at <= timedelta(seconds=lease_s):
            return None
        if running.attempts < MAX_ATTEMPTS:
            return _start(session, running, worker, now)
        error = f"its worker died {running.attempts} times; the last one was {running.claimed_by}"
        _change(session, JOB.c.id == running.id, status=JobStatus.FAILED, finished_at=now, error=error)
    is_due = (JOB.c.name == name, JOB.c.status == JobStatus.QUEUED, JOB.c.scheduled_for <= now)
    due = _first(session, *is_due)
    if due is None:
        return None
    left_out = (*is_due, JOB.c.id != due.id)
    _change(session, *left_out, status=JobStatus.DONE, finished_at=now, message="left out: a later run was due too")
    return _start(session, due, worker, now)


def report(
    session: Session,
    job_id: int,
    worker: str,
    now: datetime,
    *,
    progress: float | None = None,
    message: str | None = None,
) -> None:
    """A sign of life, to be given several times per lease.

    Raises
    ------
    Conflict : the job is no longer this worker's: it must stop.
    """
    told: dict[str, Any] = {} if message is None else {"message": message}
    if progress is not None:
        told["progress"] = min(max(progress, 0.0), 1.0)
    _change_own(session, job_id, worker, heartbeat_at=now, **told)


def finish(session: Session, job_id: int, worker: str, now: datetime, *, message: str | None = None) -> None:
    """The job is done.

    Raises
    ------
    Conflict : the job is no longer this worker's.
    """
    told: dict[str, Any] = {} if message is None else {"message": message}
    done = {"status": JobStatus.DONE, "finished_at": now, "heartbeat_at": now, "progress": 1.0}
    _change_own(session, job_id, worker, **done, **told)


def fail(session: Session, job_id: int, worker: str, now: datetime, *, error: str) -> None:
    """The job failed.

    Raises
    ------
    Conflict : the job is no longer this worker's.
    """
    done = {"status": JobStatus.FAILED, "finished_at": now, "heartbeat_at": now, "error": error}
    _change_own(session, job_id, worker, **done)


def recent(session: Session, limit: int) -> list[Job]:
    """The jobs queued last, newest first."""
    query = select(JOB).order_by(JOB.c.id.desc()).limit(limit)
    return [_job(row) for row in session.connection().execute(query)]


def forget(session: Session, before: datetime) -> int:
    """Delete the jobs that ended before this moment; the number of them."""
    ended = delete(JOB).where(JOB.c.finished_at < before)
    return session.connection().execute(ended).rowcount


def _lock(session: Session) -> None:
    lock_table(session, JOB)


def _job(row: Any) -> Job:
    fields = dict(row._mapping)
    return Job(**fields | {"status": JobStatus(fields["status"])})


def _first(session: Session, *conditions: ColumnElement[bool]) -> Job | None:
    query = select(JOB).where(*conditions).order_by(JOB.c.scheduled_for.desc(), JOB.c.id.desc()).limit(1)
    row = session.connection().execute(query).first()
    return None if row is None else _job(row)


def _change(session: Session, *conditions: ColumnElement[bool], **values: Any) -> int:
    return session.connection().execute(update(JOB).where(*conditions).values(**values)).rowcount


def _start(session: Session, job: Job, worker: str, now: datetime) -> Job:
    values: dict[str, Any] = {
        "status": JobStatus.RUNNING,
        "claimed_by": worker,
        "heartbeat_at": now,
        "started_at": now,
        "attempts": job.attempts + 1,
        "progress": 0.0,
        "message": None,
    }
    _change(session, JOB.c.id == job.id, **values)
    return replace(job, **values)


def _change_own(session: Session, job_id: int, worker: str, **values: Any) -> None:
    _lock(session)
    is_own = (JOB.c.id == job_id, JOB.c.claimed_by == worker, JOB.c.status == JobStatus.RUNNING)
    if not _change(session, *is_own, **values):
        raise Conflict(
            f"job {job_id} is no longer run by {worker}: another took it over, or it has ended; stop working on it",
            code="job_lost",
        )
