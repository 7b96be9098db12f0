"""What is wrong is said, and nothing else."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.api.admin.alarms import Facts, alarms
from service.api.readiness import Part, PartState
from service.lately import Span, Times
from service.store.jobs import Job, JobStatus
from service.store.lag import IndexLag
from service.store.releases import Release, ReleaseStatus

NOW = datetime(2026, 5, 1, 3, tzinfo=UTC)
RELEASE = Release("r", ReleaseStatus.LIVE, NOW - timedelta(hours=20), NOW, None, None, {}, {})
JOB = Job(1, "training", JobStatus.DONE, NOW, None, None, NOW, NOW, 1, 1.0, None, None)
FAILED = replace(JOB, status=JobStatus.FAILED, error="no memory")
FINE = Facts(
    now=NOW, parts=[Part("database", PartState.OK)], recent=Span(0, requests=1000), products=10,
    lag=IndexLag(3, NOW - timedelta(seconds=5)), release=RELEASE, trains=True, last={"training": JOB}, queued=[],
    running=0, events_waiting=10, lists_lost=0,
)  # fmt: skip


def recent(**changes: Any) -> dict[str, Any]:
    return {"recent": replace(FINE.recent, **changes)}


def slow(seconds: float, n: int) -> dict[str, Any]:
    times = Times()
    for _ in range(n):
        times.add(seconds)
    return {"surfaces": {"home": times}}


LATE = replace(JOB, status=JobStatus.QUEUED, scheduled_for=NOW - timedelta(minutes=20), finished_at=None)
WRONG = [
    ("bad", "Vectors does not work", {"parts": [Part("vectors", PartState.FAILED, "gone")]}),
    ("fair", "Disk works poorly", {"parts": [Part("disk", PartState.DEGRADED, "5 GB")]}),
    ("bad", "Answers fail", recent(failed=11)),
    ("bad", "Too many requests", recent(refused=301)),
    ("bad", "Home is slow", recent(**slow(0.3, 20))),
    ("fair", "Cf is left out", recent(**slow(0.01, 100), left_out=Counter({("cf", "deadline"): 6}))),
    ("bad", "The index lags behind", {"lag": IndexLag(3, NOW - timedelta(minutes=16))}),
    ("fair", "There is no product", {"products": 0}),
    ("fair", "The last training failed", {"last": {"training": FAILED}}),
    ("bad", "Nobody does the jobs", {"queued": [LATE]}),
    ("fair", "No release answers", {"release": None}),
    ("fair", "The release is old", {"release": replace(RELEASE, created_at=NOW - timedelta(days=4))}),
    ("bad", "Events wait", {"events_waiting": 20_001}),
    ("fair", "Records were lost", {"lists_lost": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("severity", "name", "change"), WRONG, ids=[name for _, name, _ in WRONG])
def test_one_thing_that_is_wrong_is_named(severity: str, name: str, change: dict[str, Any]) -> None:
    [found] = alarms(replace(FINE, **change))
    assert (found.severity, found.name) == (severity, name)
    assert found.says
    assert found.do


@pytest.mark.parametrize(
    "change",
    [
        {},
        recent(failed=10),  # one in a hundred
        recent(requests=5, failed=2),
        recent(**slow(0.3, 19)),  # too few to say
        recent(**slow(0.2, 500)),
        {"queued": [LATE], "running": 1},
        {"release": None, "trains": False},
        {"products": None, "lag": None, "release": None},  # the database is away: its part says so
    ],
)
def test_what_is_in_order_is_not(change: dict[str, Any]) -> None:
    assert alarms(replace(FINE, **change)) == []


def test_the_worst_comes_first() -> None:
    wrong = alarms(replace(FINE, lists_lost=1, events_waiting=30_000, release=None))
    assert [one.severity for one in wrong] == ["bad", "fair", "fair"]
