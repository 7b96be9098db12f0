"""Two workers never run the same job, and a dead worker's job is not lost."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from service.core.errors import Conflict
from service.store.database import Database
from service.store.jobs import MAX_ATTEMPTS, Job, JobStatus, claim, enqueue, fail, finish, forget, recent, report

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEASE_S = 60


def queue(database: Database, name: str = "train", at: datetime = NOW) -> Job:
    with database.session() as session:
        return enqueue(session, name, scheduled_for=at)


def take(database: Database, worker: str = "w1", now: datetime = NOW, name: str = "train") -> Job | None:
    with database.session() as session:
        return claim(session, name, worker, now, lease_s=LEASE_S)


def tell(database: Database, job: Job, worker: str, now: datetime, progress: float | None = None) -> None:
    with database.session() as session:
        report(session, job.id, worker, now, progress=progress, message="epoch 3")


def jobs(database: Database) -> list[Job]:
    with database.session() as session:
        return recent(session, 100)


def test_a_job_is_queued_claimed_reported_and_finished(database: Database) -> None:
    queued = queue(database)
    assert (queued.status, queued.attempts, queued.progress) == (JobStatus.QUEUED, 0, 0.0)
    job = take(database)
    assert job is not None
    assert (job.id, job.status, job.claimed_by, job.started_at) == (queued.id, JobStatus.RUNNING, "w1", NOW)
    assert [job] == jobs(database)
    tell(database, job, "w1", NOW + MINUTE, progress=0.3)
    [told] = jobs(database)
    assert (told.progress, told.message, told.heartbeat_at) == (0.3, "epoch 3", NOW + MINUTE)
    with database.session() as session:
        finish(session, job.id, "w1", NOW + 2 * MINUTE, message="release r1")
    [done] = jobs(database)
    assert (done.status, done.progress, done.finished_at) == (JobStatus.DONE, 1.0, NOW + 2 * MINUTE)
    assert take(database) is None


def test_jobs_that_ended_long_ago_are_forgotten_and_those_that_wait_stay(database: Database) -> None:
    old, new, waiting = (queue(database, at=NOW + place * MINUTE) for place in range(3))
    for job, ended in ((old, NOW), (new, NOW + MINUTE)):
        taken = take(database, now=job.scheduled_for)
        assert taken is not None
        with database.session() as session:
            finish(session, taken.id, "w1", ended)
    with database.session() as session:
        assert forget(session, NOW + MINUTE) == 1
    assert {job.id for job in jobs(database)} == {new.id, waiting.id}


def test_a_job_that_failed_says_why_and_is_not_run_again(database: Database) -> None:
    queue(database)
    job = take(database)
    assert job is not None
    with database.session() as session:
        fail(session, job.id, "w1", NOW, error="no interactions")
    [failed] = jobs(database)
    assert (failed.status, failed.error) == (JobStatus.FAILED, "no interactions")
    assert take(database) is None


def test_the_same_slot_is_queued_once(database: Database) -> None:
    assert queue(database).id == queue(database).id != queue(database, "trending").id
    job = take(database)
    assert job is not None
    assert queue(database).status is JobStatus.RUNNING


def test_nothing_runs_before_its_time(database: Database) -> None:
    queue(database, at=NOW + MINUTE)
    assert take(database) is None
    assert take(database, now=NOW + MINUTE) is not None


def test_while_one_runs_no_other_of_that_name_does(database: Database) -> None:
    queue(database)
    queue(database, at=NOW - MINUTE)
    queue(database, "trending")
    assert take(database, "w1") is not None
    assert take(database, "w2") is None
    assert take(database, "w2", name="trending") is not None


def test_of_several_that_are_due_only_the_last_is_run(database: Database) -> None:
    first, last, later = (queue(database, at=NOW + minutes * MINUTE) for minutes in (0, 1, 9))
    job = take(database, now=NOW + 2 * MINUTE)
    assert job is not None
    assert job.id == last.id
    found = {job.id: job for job in jobs(database)}
    assert (found[first.id].status, found[first.id].message) == (JobStatus.DONE, "left out: a later run was due too")
    assert found[later.id].status is JobStatus.QUEUED


def test_a_dead_workers_job_is_taken_over_after_its_lease_and_the_dead_one_must_not_go_on(database: Database) -> None:
    queue(database)
    job = take(database, "w1")
    assert job is not None
    assert take(database, "w2", NOW + MINUTE) is None
    tell(database, job, "w1", NOW + MINUTE)
    assert take(database, "w2", NOW + 2 * MINUTE) is None
    taken = take(database, "w2", NOW + 2 * MINUTE + timedelta(seconds=1))
    assert taken is not None
    assert (taken.id, taken.claimed_by, taken.attempts, taken.message) == (job.id, "w2", 2, None)
    with pytest.raises(Conflict, match=f"job {job.id} is no longer run by w1"):
        tell(database, job, "w1", NOW + 3 * MINUTE)
    with pytest.raises(Conflict), database.session() as session:
        finish(session, job.id, "w1", NOW)
    with pytest.raises(Conflict), database.session() as session:
        fail(session, job.id, "w1", NOW, error="x")
    assert jobs(database)[0].claimed_by == "w2"


def test_a_job_that_kills_its_workers_is_given_up_and_the_next_one_gets_its_turn(database: Database) -> None:
    queue(database)
    now = NOW
    for attempt in range(1, MAX_ATTEMPTS + 1):
        job = take(database, f"w{attempt}", now)
        assert job is not None
        assert job.attempts == attempt
        now += 2 * MINUTE
    assert take(database, "w9", now) is None
    [given_up] = jobs(database)
    assert (given_up.status, given_up.error) == (JobStatus.FAILED, "its worker died 3 times; the last one was w3")
    queue(database, at=now)
    assert take(database, "w9", now) is not None


def test_a_clock_that_goes_backwards_never_makes_two_workers_run_a_job(database: Database) -> None:
    queue(database, at=NOW - 99 * MINUTE)
    assert take(database, "w1") is not None
    assert take(database, "w2", NOW - 60 * MINUTE) is None


@pytest.mark.parametrize(("told", "kept"), [(-1.0, 0.0), (0.25, 0.25), (7.0, 1.0), (None, 0.0)])
def test_progress_stays_between_0_and_1(database: Database, told: float | None, kept: float) -> None:
    queue(database)
    job = take(database)
    assert job is not None
    tell(database, job, "w1", NOW, told)
    assert jobs(database)[0].progress == kept


def test_the_last_jobs_come_first(database: Database) -> None:
    made = [queue(database, at=NOW + i * MINUTE).id for i in range(3)]
    with database.session() as session:
        assert [job.id for job in recent(session, 2)] == made[:0:-1]


WORKER = """
import os, sys
from datetime import UTC, datetime, timedelta
from service.store.database import open_database
from service.store.jobs import claim, enqueue, finish
url, worker, start = sys.argv[1], sys.argv[2], datetime(2026, 3, 1, tzinfo=UTC)
database = open_database(url)
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.readline()
for slot in range(60):
    now = start + timedelta(seconds=slot)
    with database.session() as session:
        enqueue(session, "train", scheduled_for=now)
        job = claim(session, "train", worker, now, lease_s=1e9)
    if job is not None:
        sys.stdout.write(f"{job.id}\\n")
        os.close(os.open(sys.argv[3], os.O_CREAT | os.O_EXCL))  # fails while the other one is at work
        os.unlink(sys.argv[3])
        with database.session() as session:
            finish(session, job.id, worker, now)
"""


def test_two_processes_hammering_never_run_the_same_job(
    database: Database, database_url: str, tmp_path: object
) -> None:
    command = [sys.executable, "-c", WORKER, database_url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = [subprocess.Popen([*command, name, f"{tmp_path}/busy"], text=True, **pipes) for name in ("w1", "w2")]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0, 0], [error for _, error in answers]
    ran = [int(line) for out, _ in answers for line in out.split()]
    assert len(ran) == len(set(ran)) > 0
    assert all(job.attempts <= 1 for job in jobs(database))
