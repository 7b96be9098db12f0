"""The schedule: who runs what when, on the real job table; and trainings in a child process."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from config.params import ScheduleParams, load_params
from config.settings import Settings, load_settings
from indexer.retrain import Trainer, train_command, train_environment
from indexer.schedule import LEASE_S, Run, Schedule, Stopped, Task
from indexer.tasks import background_tasks
from service.core.errors import ConfigurationError
from service.store.database import Database, open_database
from service.store.jobs import Job, JobStatus, recent
from service.store.releases import create_release, mark_ready, promote

DAY_S = 86_400.0
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Done:
    """A task that notes when it was run."""

    clock: Clock
    at: list[datetime] = field(default_factory=list)

    def __call__(self, run: Run) -> str:
        self.at.append(self.clock())
        run.report(0.5, "half")
        return "all done"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/vitrine.db")
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def jobs(database: Database) -> list[Job]:
    """Oldest first."""
    with database.session() as session:
        return recent(session, 100)[::-1]


def states(database: Database) -> list[tuple[str, str | None]]:
    return [(str(job.status), job.error or job.message) for job in jobs(database)]


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def test_a_run_is_due_once_per_interval_and_one_that_was_missed_is_made_up_for(
    database: Database, clock: Clock
) -> None:
    done = Done(clock)
    task = Task("count", DAY_S, done)
    schedule = Schedule(database, [task], clock)
    schedule.look(task)
    schedule.look(task)
    assert (done.at, [job.scheduled_for for job in jobs(database)]) == ([NOON], [MIDNIGHT])
    clock.advance(hours=13)
    schedule.look(task)
    clock.advance(days=3)
    schedule.look(task)
    assert done.at == [NOON, NOON + timedelta(hours=13), NOON + timedelta(hours=13, days=3)]
    assert states(database) == [("done", "all done")] * 3


def test_a_restart_does_not_repeat_what_was_done_but_for_tasks_of_the_start(database: Database, clock: Clock) -> None:
    daily, first = Done(clock), Done(clock)
    tasks = [Task("daily", DAY_S, daily), Task("first", DAY_S, first, at_start=True)]
    for _ in range(2):
        schedule = Schedule(database, tasks, clock)
        for task in tasks * 2:
            schedule.look(task)
        clock.advance(minutes=1)
    assert (len(daily.at), len(first.at)) == (1, 2)


def test_two_workers_never_run_the_same_job(database: Database, clock: Clock) -> None:
    began, go_on = Event(), Event()
    runs: list[str] = []

    def slow(_: Run) -> str:
        runs.append("slow")
        began.set()
        go_on.wait(10)
        return "by the first"

    first, second = Task("train", DAY_S, slow), Task("train", DAY_S, lambda _: runs.append("second") or "by the second")
    holder = Thread(target=Schedule(database, [first], clock).look, args=[first])
    holder.start()
    assert began.wait(10)
    other = Schedule(database, [second], clock)
    other.look(second)
    go_on.set()
    holder.join(10)
    other.look(second)
    assert runs == ["slow"]
    assert states(database) == [("done", "by the first")]


def test_a_job_of_a_dead_worker_is_taken_over_and_the_dead_ones_return_changes_nothing(
    database: Database, clock: Clock
) -> None:
    done = Done(clock)
    task = Task("train", DAY_S, done)

    def freeze(run: Run) -> str:
        clock.advance(seconds=LEASE_S + 1)
        Schedule(database, [task], clock).look(task)
        run.report(0.9, "back again")
        raise AssertionError("it must not go on")

    frozen = Task("train", DAY_S, freeze)
    Schedule(database, [frozen], clock).look(frozen)
    assert [(job.status, job.attempts, job.message) for job in jobs(database)] == [(JobStatus.DONE, 2, "all done")]


def test_a_failed_run_is_not_tried_again_before_the_next_is_due(database: Database, clock: Clock) -> None:
    def broken(_: Run) -> str:
        raise RuntimeError("no more memory")

    task = Task("train", DAY_S, broken)
    schedule = Schedule(database, [task], clock)
    schedule.look(task)
    schedule.look(task)
    assert states(database) == [("failed", "no more memory")]
    clock.advance(days=1)
    schedule.look(task)
    assert len(jobs(database)) == 2


def test_an_interval_of_nought_is_never_and_less_than_a_minute_is_refused(
    database: Database, clock: Clock, tmp_path: Path
) -> None:
    schedule = Schedule(database, [Task("never", 0, Done(clock), at_start=True)], clock)
    schedule.start()
    schedule.stop()
    assert jobs(database) == []
    overlay = tmp_path / "shop.toml"
    overlay.write_text("[schedule]\ntraining_s = 60\npopular_s = 0")
    assert load_params(overlay).schedule.training_s == 60
    overlay.write_text("[schedule]\ntraining_s = 59")
    with pytest.raises(ConfigurationError, match=r"schedule\.training_s: must be 0 \(never\) or at least 60 seconds"):
        load_params(overlay)


def test_started_it_runs_by_itself_and_stops_at_once(database: Database) -> None:
    now = lambda: datetime.now(UTC)  # noqa: E731
    began = Event()

    def endless(run: Run) -> str:
        began.set()
        while True:
            run.wait(60)

    counted = Event()
    tasks = [
        Task("count", 3600, lambda _: str(counted.set()), at_start=True),
        Task("train", DAY_S, endless),
        Task("later", DAY_S, endless, delay_s=60),
    ]
    schedule = Schedule(database, tasks, now)
    schedule.start()
    assert counted.wait(10)
    assert began.wait(10)
    start = time.monotonic()
    schedule.stop()
    assert time.monotonic() - start < 1
    found = [(job.name, str(job.status)) for job in jobs(database) if job.name != "count"]
    assert found == [("train", "failed"), ("train", "queued")]  # the next process begins again


# trainings


@dataclass
class Here(Run):
    """A run without a job table, which is told to stop after some sleeps."""

    sleeps: int = 1000
    told: list[str] = field(default_factory=list)

    def report(self, progress: float, message: str) -> None:
        self.told.append(message)

    def wait(self, seconds: float) -> None:
        self.sleeps -= 1
        if self.sleeps < 0:
            raise Stopped
        time.sleep(min(seconds, 0.05))


def trainer(database: Database, clock: Clock, code: str) -> Trainer:
    return Trainer(database, [sys.executable, "-c", code], dict(os.environ), DAY_S, clock)


def says(answer: str, code: int = 0) -> str:
    return f"import sys; print({answer!r}); sys.exit({code})"


def test_nothing_to_train_on_is_no_failure(tmp_path: Path, settings_for: Callable[[Path], Settings]) -> None:
    """The real command on an empty shop."""
    settings = settings_for(tmp_path)
    database = open_database(settings.sql_url)
    counted: list[int] = []
    params = ScheduleParams(
        popular_s=3600, training_s=DAY_S, training_delay_s=0, embeddings_s=0, content_s=0, privacy_s=0
    )
    tasks = background_tasks(settings, params, database, lambda: counted.append(1), Clock())
    schedule = Schedule(database, tasks, Clock())
    for task in tasks * 2:
        schedule.look(task)
    (_, counting), (status, message) = states(database)
    assert (counting, counted, status) == ("counted", [1], "done")
    assert message is not None
    assert message.startswith("there is nothing to train on")
    database.close()


def test_a_training_waits_until_its_release_answers(database: Database, clock: Clock) -> None:
    with database.session() as session:
        create_release(session, "r1", manifest={}, now=NOON - timedelta(days=2))
    run = Here()

    def publish() -> None:
        until(lambda: any("published" in told for told in run.told))
        with database.session() as session:
            mark_ready(session, "r1", manifest={}, metrics={})
            promote(session, "r1")

    service = Thread(target=publish)
    service.start()
    assert trainer(database, clock, says('{"id": "r1"}'))(run) == "release r1 is live"
    service.join()


def test_a_release_that_is_young_enough_is_not_trained_again(database: Database, clock: Clock) -> None:
    with database.session() as session:
        create_release(session, "by-hand", manifest={}, now=NOON - timedelta(hours=3))
    assert trainer(database, clock, "raise SystemExit(1)")(Here()) == "left out: release by-hand is young enough"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise ValueError('out of rubber')", "ended with 1: ValueError: out of rubber"),
        ("import os; os.kill(os.getpid(), 9)", "ended with -9: it said nothing"),
        (says('{"error": {"code": "dependency_unavailable", "message": "no database"}}', 1), "no database"),
    ],
)
def test_a_child_that_fails_is_a_failed_job_with_its_reason(
    database: Database, clock: Clock, code: str, why: str
) -> None:
    task = Task("train", DAY_S, trainer(database, clock, code))
    Schedule(database, [task], clock).look(task)
    ((status, error),) = states(database)
    assert status == "failed"
    assert error is not None
    assert error.endswith(why)


def test_the_child_ends_with_the_service(database: Database, clock: Clock, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    schedule = Schedule(database, [task := Task("train", DAY_S, trainer(database, clock, code))], clock)
    thread = Thread(target=schedule.look, args=[task])
    thread.start()
    until(lambda: note.exists() and note.read_text() != "")
    start = time.monotonic()
    schedule.stop()
    thread.join(5)
    assert time.monotonic() - start < 2
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)
    assert [status for status, _ in states(database)] == ["failed", "queued"]


def test_the_child_is_told_where_the_shop_is_and_to_keep_to_one_thread(tmp_path: Path) -> None:
    settings = Settings.model_construct(data_dir=tmp_path, config_file=tmp_path / "own.toml", qdrant_url="http://q")
    command, environment = train_command(settings), train_environment(settings)
    assert command[-4:] == ["--data-dir", str(tmp_path), "--config", str(tmp_path / "own.toml")]
    assert "os.nice" in command[2]
    assert (environment["OMP_NUM_THREADS"], environment["VITRINE_QDRANT_URL"]) == ("1", "http://q")


@pytest.mark.parametrize("where", ["environment", ".env"])
def test_the_child_takes_secrets_that_came_from_files(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wanted = {"VITRINE_DATABASE_URL_FILE": "sqlite:///shop.db", "VITRINE_QDRANT_API_KEY_FILE": "s3cret"}
    for variable, secret in wanted.items():
        (tmp_path / variable).write_text(secret)
        if where == "environment":
            monkeypatch.setenv(variable, str(tmp_path / variable))
    if where == ".env":
        (tmp_path / ".env").write_text("".join(f"{name}={tmp_path / name}\n" for name in wanted))
    settings = load_settings()
    for variable, value in train_environment(settings).items():
        monkeypatch.setenv(variable, value)
    child = load_settings()
    assert (child.sql_url, child.qdrant_api_key) == (settings.sql_url, settings.qdrant_api_key)
    assert child.sql_url.endswith("shop.db")
