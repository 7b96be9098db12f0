"""`vitrine jobs`: what ran in the background."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from config.settings import load_settings
from service.store.database import open_database
from service.store.jobs import claim, enqueue, fail, finish, report

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_jobs_are_listed_with_progress_duration_and_error(vitrine: Callable[..., Any]) -> None:
    assert "Nothing has run" in vitrine("jobs").out
    database = open_database(load_settings().sql_url)
    with database.session() as session:
        for name in ("popular", "training", "other"):
            enqueue(session, name, scheduled_for=MIDNIGHT)
        for name in ("popular", "training", "other"):
            job = claim(session, name, "w1", MIDNIGHT, lease_s=60)
            assert job is not None
            if name == "popular":
                finish(session, job.id, "w1", MIDNIGHT + MINUTE, message="counted")
            elif name == "training":
                fail(session, job.id, "w1", MIDNIGHT + 2 * MINUTE, error="no memory")
            else:
                report(session, job.id, "w1", MIDNIGHT, progress=0.25, message="on it")
    database.close()
    found = {job["name"]: job for job in vitrine("jobs", "--json").json["jobs"]}
    assert (found["popular"]["status"], found["popular"]["seconds"], found["popular"]["message"]) == (
        "done", 60.0, "counted",
    )  # fmt: skip
    assert (found["training"]["status"], found["training"]["seconds"], found["training"]["error"]) == (
        "failed", 120.0, "no memory",
    )  # fmt: skip
    assert (found["other"]["status"], found["other"]["progress"]) == ("running", 0.25)
    text = vitrine("jobs").out
    assert "25%" in text
    assert "120.0 s  no memory" in text
    assert len(vitrine("jobs", "--limit", 1, "--json").json["jobs"]) == 1
