"""The schedule of a serving process: what is due is a row of the job table, and one worker at a time runs it."""

import logging
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from threading import Event, Lock
from typing import Protocol

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped,unused-ignore]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped,unused-ignore]

from service.core.errors import Conflict, DependencyUnavailable, RecommenderError
from service.store.database import Database
from service.store.jobs import Job, claim, enqueue, fail, finish, forget, report

log = structlog.get_logger()

LEASE_S = 300.0
"""A worker that gave no sign of life for so long is taken for dead."""

_LOOK_S = 60.0
_KEPT = timedelta(days=30)  # jobs that ended stay so long, to be looked at
_LONGEST_STOP_S = 5.0


class Stopped(Exception):
    """The process is ending; the job is left to the next one."""


class Run(Protocol):
    """What a task may ask of the schedule while it runs."""

    def report(self, progress: float, message: str) -> None:
        """Give a sign of life, several times per `LEASE_S`: how far it is, 0 to 1, and what it is doing.

        Raises
        ------
        Conflict : another worker has taken the job over: end it.
        """

    def wait(self, seconds: float) -> None:
        """Sleep.

        Raises
        ------
        Stopped : the process is ending.
        """


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done again and again.

    Attributes
    ----------
    every_s : from one run to the next, s; 0 is never. run : does it, and says what came of it.
    at_start : also once when the process starts. delay_s : after the start, before the first look.
    """

    name: str
    every_s: float
    run: Callable[[Run], str]
    at_start: bool = False
    delay_s: float = 0.0


class Schedule:
    """Looks every minute at most what is due; a failed run is tried again when the next is due, not before.

    Runs are due at whole multiples of their interval since 1970 (a daily one at midnight UTC), so that all workers mean
    the same run, and one that was missed while nobody ran is made up for.

    Parameters
    ----------
    now : the clock.
    """

    def __init__(self, database: Database, tasks: Sequence[Task], now: Callable[[], datetime]) -> None:
        self._database = database
        self._tasks = tuple(task for task in tasks if task.every_s > 0)
        self._now = now
        self._worker = f"{socket.gethostname()}:{os.getpid()}:{token_hex(3)}"
        self._stop = Event()
        self._busy = {task.name: Lock() for task in self._tasks}
        self._queued: dict[str, datetime] = {}
        self._scheduler = _scheduler(len(self._tasks))

    def start(self) -> None:
        """Begin."""
        started = datetime.now(UTC)
        for task in self._tasks:
            first = started + timedelta(seconds=task.delay_s)
            look_s = min(task.every_s, _LOOK_S)
            self._scheduler.add_job(self.look, "interval", [task], seconds=look_s, next_run_time=first, id=task.name)
        self._scheduler.start()

    def stop(self) -> None:
        """End; jobs that are running are told to, and are due again at once for the next process."""
        self._stop.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        end = time.monotonic() + _LONGEST_STOP_S
        for busy in self._busy.values():
            if busy.acquire(timeout=max(0.0, end - time.monotonic())):
                busy.release()

    def look(self, task: Task) -> None:
        """Run the task if it is due and nobody else does. Never raises."""
        with self._busy[task.name]:
            try:
                if not self._stop.is_set() and (job := self._claim(task)) is not None:
                    with structlog.contextvars.bound_contextvars(job=task.name, job_id=job.id):
                        self._run(task, job)
            except Exception as error:
                log.error("schedule_failed", job=task.name, error=str(error), exc_info=_is_strange(error))

    def _claim(self, task: Task) -> Job | None:
        now = self._now()
        due = datetime.fromtimestamp(now.timestamp() // task.every_s * task.every_s, UTC)
        queued = self._queued.get(task.name)
        with self._database.session() as session:
            if queued is None or due > queued:
                due = now if task.at_start and queued is None else due
                enqueue(session, task.name, scheduled_for=due)
            job = claim(session, task.name, self._worker, now, lease_s=LEASE_S)
            if job is not None:  # one each minute is half a million a year
                forget(session, now - _KEPT)
        self._queued[task.name] = due if queued is None else max(due, queued)
        return job

    def _run(self, task: Task, job: Job) -> None:
        start = time.monotonic()
        try:
            message = task.run(_OneRun(self._database, job, self._worker, self._now, self._stop))
        except Stopped:
            self._fail(job, "the service was stopped; the next one begins again")
            with self._database.session() as session:
                enqueue(session, task.name, scheduled_for=self._now())
        except Exception as error:
            log.error("job_failed", job=task.name, error=str(error), exc_info=_is_strange(error))
            if not is_lost(error):
                self._fail(job, str(error) or type(error).__name__)
        else:
            with self._database.session() as session:
                finish(session, job.id, self._worker, self._now(), message=message)
            log.info("job_done", job=task.name, message=message, seconds=round(time.monotonic() - start, 3))

    def _fail(self, job: Job, error: str) -> None:
        with self._database.session() as session:
            fail(session, job.id, self._worker, self._now(), error=error)


@dataclass(frozen=True, slots=True)
class _OneRun:
    """`Run` of one job."""

    database: Database
    job: Job
    worker: str
    now: Callable[[], datetime]
    stop: Event

    def report(self, progress: float, message: str) -> None:
        try:
            with self.database.session() as session:
                report(session, self.job.id, self.worker, self.now(), progress=progress, message=message)
        except DependencyUnavailable as error:
            log.warning("job_not_reported", job=self.job.name, error=error.message)  # the next one may get through

    def wait(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise Stopped


def is_lost(error: Exception) -> bool:
    """Whether the job belongs to another worker now."""
    return isinstance(error, Conflict) and error.code == "job_lost"


def _is_strange(error: Exception) -> bool:
    """Whether a trace says more than the message."""
    return not isinstance(error, RecommenderError)


def _scheduler(threads: int) -> BackgroundScheduler:
    """One thread per task; a look that comes while one is running is left out without a word."""
    quiet = logging.Logger("schedule", logging.ERROR)
    return BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(max(threads, 1))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone=UTC,
        logger=quiet,
    )
