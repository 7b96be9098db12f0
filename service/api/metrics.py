"""``/metrics``: what this process did and how it is, for Prometheus; see `service.metrics`."""

from collections.abc import Iterator
from typing import Annotated

import structlog
from anyio import to_thread
from fastapi import APIRouter, Depends, FastAPI, Request, Response

from service.api.clock import Clock
from service.api.dependencies import AppState
from service.api.event_writer import EventWriter
from service.api.overload import Traffic
from service.api.readiness import PartState, parts
from service.core.errors import RecommenderError
from service.live.live import Live
from service.metrics import CONTENT_TYPE, Metrics, Reading
from service.store.jobs import Job, JobStatus, recent
from service.store.lag import index_lag
from service.store.releases import live_release

log = structlog.get_logger()

router = APIRouter(tags=["health"])

_JOBS = 100  # looked through for the last ones of each name


class PrometheusText(Response):
    """Prometheus' text format."""

    media_type = CONTENT_TYPE


async def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


@router.get("/metrics", summary="Figures for Prometheus", response_class=PrometheusText)
async def metrics(metrics: Annotated[Metrics, Depends(_metrics)]) -> PrometheusText:
    """Requests, steps, signals, queues, caches, lag. No ids, no words: nothing about a person."""
    return PrometheusText(await to_thread.run_sync(metrics.text))


def make_metrics(app: FastAPI) -> Metrics:
    """The figures of an app, whose state must be complete."""
    state: AppState = app.state.vitrine
    events: EventWriter = app.state.events
    clock: Clock = app.state.clock

    def read() -> Iterator[Reading]:
        yield from _queues(state, events)
        yield from _caches(state)
        yield from _guards(app)
        found = parts(state)
        for part in found:
            is_ready = float(part.state is not PartState.FAILED)
            yield Reading("part_ready", "1 where a part works, perhaps poorly", is_ready, {"part": part.name})
            is_poor = float(part.state is PartState.DEGRADED)
            yield Reading("part_degraded", "1 where a part works poorly", is_poor, {"part": part.name})
        if any(part.name == "database" and part.state is PartState.FAILED for part in found):
            return  # the rest is worth having now, and `part_ready` says why there is no more
        try:
            yield from _stored(state, clock)
        except RecommenderError as error:  # the rest is worth having, and `part_ready` says that this is not
            log.warning("metrics_without_database", error=error.message)

    return Metrics(read)


def _queues(state: AppState, events: EventWriter) -> Iterator[Reading]:
    yield Reading("events_waiting", "events that wait to be written", events.waiting)
    for outcome in ("recorded", "duplicate", "refused"):
        told = {"outcome": outcome}
        yield Reading("events", "events that were sent, by outcome", events.outcomes[outcome], told, "counter")
    shown = state.runtime.impressions.state
    yield Reading("impressions_waiting", "lists shown that wait to be written", shown.waiting)
    yield Reading("impressions_written", "lists shown that were written", shown.written, kind="counter")
    yield Reading("impressions_dropped", "lists shown that were lost", shown.dropped, kind="counter")


def _caches(state: AppState) -> Iterator[Reading]:
    encoders, vectors = state.runtime.encoders, state.runtime.services.vectors
    found = {"query_text": encoders.text.query_cache, "vectors": (vectors.hits, vectors.misses)}
    if encoders.image is not None:
        found["query_image"] = encoders.image.query_cache
    for cache, counts in found.items():
        for result, count in zip(("hit", "miss"), counts, strict=True):
            told = {"cache": cache, "result": result}
            yield Reading("cache_lookups", "what was asked of a cache", count, told, "counter")


def _guards(app: FastAPI) -> Iterator[Reading]:
    traffic: Traffic = app.state.traffic
    yield Reading("requests_refused", "requests turned away because too many waited", traffic.refused, kind="counter")
    yield Reading("requests_running", "requests being answered", traffic.running)
    yield Reading("requests_waiting", "requests that wait for their turn", traffic.waiting)
    live: Live = app.state.live
    yield Reading("live_pages", "pages that are told of changes as they happen", len(live.hub))
    link = app.state.vitrine.runtime.redis
    if link is not None:
        yield Reading("redis_failures", "questions that Redis did not answer", link.state.failures, kind="counter")
        yield Reading("redis_skipped", "questions it was spared while down", link.state.skipped, kind="counter")


def _stored(state: AppState, clock: Clock) -> Iterator[Reading]:
    """What the database says; every process beside it says the same."""
    now = clock()
    with state.runtime.database.session() as session:
        lag, live, jobs = index_lag(session), live_release(session), recent(session, _JOBS)
    yield Reading("index_waiting", "changed products that the index has not seen", lag.waiting)
    yield Reading("index_lag_seconds", "for how long the first of them has waited", lag.seconds(now))
    if live is not None:
        age = (now - live.created_at).total_seconds()
        yield Reading("release_age_seconds", "since the live release was trained", age)
    last: dict[str, Job] = {}
    for job in jobs:
        if job.status in (JobStatus.DONE, JobStatus.FAILED):
            last.setdefault(job.name, job)
    for name, job in last.items():
        told = {"job": name}
        yield Reading("job_failed", "1 where the last run failed", float(job.status is JobStatus.FAILED), told)
        if job.finished_at is not None:
            age = (now - job.finished_at).total_seconds()
            yield Reading("job_age_seconds", "since the last run ended", age, told)
    for status in (JobStatus.QUEUED, JobStatus.RUNNING):
        count = sum(job.status is status for job in jobs)
        yield Reading("jobs", "jobs that wait or run", count, {"status": str(status)})
