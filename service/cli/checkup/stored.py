"""The database: whether it answers and can be written to, and what it says of clock, lag, release and jobs."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, inspect, select, text

from config.params import Params
from config.settings import Settings
from indexer.schedule import LEASE_S
from service.cli.checkup.finding import Finding, fail, ok, warn
from service.core.types import DEFAULT_TENANT
from service.served_release import served_release
from service.store.catalog import count_products
from service.store.database import Database
from service.store.database_errors import translated
from service.store.jobs import Job, JobStatus, recent
from service.store.lag import index_lag
from service.store.migrations.upgrade import is_current, known_revisions
from service.store.releases import live_release

_LOCK_S = 1.0
_LAG_S = 60.0
_DRIFT_S = 5.0
_EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)


def has_our_tables(database: Database) -> bool:
    """Whether its tables are of this version.

    Raises
    ------
    ConfigurationError : they are of a newer one. DependencyUnavailable : it does not answer.
    """
    with translated(database.name), database.engine.connect() as connection:
        return is_current(connection)


def check_database(database: Database, load: str, *, current: bool) -> Iterator[Finding]:
    """What it is, what it holds, and whether it can be written to.

    Parameters
    ----------
    load : the command that fills it. current : whether its tables are of this version.
    """
    with translated(database.name), database.engine.connect() as connection:
        server = connection.execute(text(_VERSION[database.dialect])).scalar()
        is_empty = not inspect(connection).has_table("alembic_version")
    said = f"{database.name}: {database.dialect} {str(server).split()[0]}"
    if is_empty:
        yield warn("database", f"{said}, without any tables yet", f"`{load}`, or start the service: both make them")
        return
    if not current:
        yield warn(
            "database", f"{said}, its tables are of an older version than {known_revisions()[-1]}",
            "make a backup; the next command or start that opens the shop brings them up to date",
        )  # fmt: skip
        return
    with database.session() as session:
        products = count_products(session, DEFAULT_TENANT, None)
    yield ok("database", f"{said}, schema {known_revisions()[-1]}, {products:,} products")
    yield from _writable(database)


_VERSION = {"sqlite": "SELECT sqlite_version()", "postgresql": "SHOW server_version"}


def _writable(database: Database) -> Iterator[Finding]:
    if database.dialect == "postgresql":
        with database.session() as session:
            is_read_only = session.connection().execute(text("SHOW transaction_read_only")).scalar() == "on"
        if is_read_only:
            yield fail("database", "it is read-only", "point VITRINE_DATABASE_URL at the primary server")
        return
    start = time.monotonic()
    try:
        with closing(sqlite3.connect(str(database.engine.url.database), timeout=_LOCK_S)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
    except sqlite3.OperationalError as error:
        waited = time.monotonic() - start
        yield warn(
            "database", f"nothing could be written for {waited:.0f} s ({error})",
            "wait for the load or the migration that runs, or end the process that holds it: `fuser` names it",
        )  # fmt: skip


def check_clock(database: Database) -> Iterator[Finding]:
    """Whether this machine's clock agrees with the database's and with what was stored before."""
    now = datetime.now(UTC)
    if now < _EARLIEST:
        yield fail("clock", f"it is {now:%Y-%m-%d} here", "set the clock: trends, tokens and schedules go by it")
        return
    with database.session() as session:
        jobs, release = recent(session, 1), live_release(session)
        theirs = session.connection().execute(select(func.now())).scalar() if database.dialect == "postgresql" else None
    if isinstance(theirs, datetime) and abs((theirs - now).total_seconds()) > _DRIFT_S:
        drift = (now - theirs).total_seconds()
        yield warn("clock", f"it is {drift:+.0f} s off the database server's", "let both keep time by NTP")
        return
    seen = [job.heartbeat_at for job in jobs if job.heartbeat_at] + ([release.created_at] if release else [])
    if seen and max(seen) > now + timedelta(minutes=1):
        yield warn(
            "clock", f"something here happened at {max(seen):%Y-%m-%d %H:%M} UTC, which is still to come",
            "set the clock, or let it keep time by NTP",
        )  # fmt: skip
        return
    yield ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def check_lag(database: Database, *, runs: bool) -> Iterator[Finding]:
    """Whether the index keeps up.

    Parameters
    ----------
    runs : whether a service answers, which indexes.
    """
    with database.session() as session:
        lag = index_lag(session)
    seconds = lag.seconds(datetime.now(UTC))
    says = f"{lag.waiting:,} changed products wait, the first for {seconds:,.0f} s"
    if not lag.waiting:
        yield ok("index lag", "nothing waits")
    elif not runs:
        yield warn("index lag", says, "`vitrine serve` or `vitrine worker` would index them, or `vitrine index`")
    elif seconds > _LAG_S:
        yield warn("index lag", says, "normal after a large load; if the number does not fall, read the service's log")
    else:
        yield ok("index lag", says)


def check_release(settings: Settings, database: Database, params: Params) -> Iterator[Finding]:
    """Whether a release answers, how old it is, and whether its files are there."""
    with database.session() as session:
        live = live_release(session)
    if live is None:
        say = fail if params.releases.required else warn
        yield say("release", "none is live: there is nothing personal in the answers", "vitrine train")
        return
    served_release(live.id, live.manifest)  # complains of a damaged one
    days = (datetime.now(UTC) - live.created_at).total_seconds() / 86_400
    every_days = params.schedule.training_s / 86_400
    if every_days and days > 2 * every_days:
        yield warn(
            "release", f"{live.id} is {days:.1f} days old, though one is to be trained every {every_days:.1f}",
            "see below why jobs fail, or whether a service or worker runs that trains: `vitrine jobs`",
        )  # fmt: skip
    elif settings.embedded and not (settings.releases_dir / live.id).is_dir():
        yield warn("release", f"the files of {live.id} are gone: it takes in no new products", "vitrine train")
    else:
        yield ok("release", f"{live.id}, {days:.1f} days old")


def check_jobs(database: Database) -> Iterator[Finding]:
    """Whether what is done now and then was done."""
    with database.session() as session:
        jobs = recent(session, 100)
    now, last = datetime.now(UTC), dict[str, Job]()
    for job in jobs:
        if job.status is not JobStatus.QUEUED:
            last.setdefault(job.name, job)
    found = [bad for job in last.values() for bad in _bad(job, now)]
    if found or not last:
        yield from found
        return
    yield ok("jobs", ", ".join(f"{name} {job.status}" for name, job in sorted(last.items())))


def _bad(job: Job, now: datetime) -> Iterator[Finding]:
    if job.status is JobStatus.FAILED:
        again = ", or at once with `vitrine train`" if job.name == "training" else ""
        yield warn(
            "jobs", f"{job.name} failed: {(job.error or 'no reason')[:300]}",
            f"`vitrine jobs` says when; once the cause is mended it runs when it is next due{again}",
        )  # fmt: skip
    silent = (now - job.heartbeat_at).total_seconds() if job.heartbeat_at else 0.0
    if job.status is JobStatus.RUNNING and silent > LEASE_S:
        yield warn(
            "jobs", f"{job.name} runs, but gave no sign of life for {silent:,.0f} s",
            "its worker died; the next `vitrine serve` or `worker` takes it over",
        )  # fmt: skip
