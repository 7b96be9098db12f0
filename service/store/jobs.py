"""Jobs: what is to be done in the background, by one worker at a time."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

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
    raise NotImplementedError


def claim(session: Session, name: str, worker: str, now: datetime, *, lease_s: float) -> Job | None:
    """Take the job of this name that is due, so that nobody else does.

    While a worker runs a job of this name and gave a sign of life within `lease_s`, there is none. A job whose worker
    did not is taken over. Of several that are due only the last is run: the others are done with it.

    Parameters
    ----------
    worker : a name no other process has.
    """
    raise NotImplementedError


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
    raise NotImplementedError


def finish(session: Session, job_id: int, worker: str, now: datetime, *, message: str | None = None) -> None:
    """The job is done.

    Raises
    ------
    Conflict : the job is no longer this worker's.
    """
    raise NotImplementedError


def fail(session: Session, job_id: int, worker: str, now: datetime, *, error: str) -> None:
    """The job failed.

    Raises
    ------
    Conflict : the job is no longer this worker's.
    """
    raise NotImplementedError


def recent(session: Session, limit: int) -> list[Job]:
    """The jobs queued last, newest first."""
    raise NotImplementedError
