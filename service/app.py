"""The FastAPI application: routes, middleware and the indexing loop around one `Runtime`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from indexer.release.loop import ReleaseLoop
from indexer.release.publish import Publisher
from indexer.schedule import Schedule
from indexer.tasks import background_tasks
from indexer.worker import IndexingLoop
from service.api import bundle, events, health, home, popular, problems, products, search, similar, users
from service.api.clock import Clock, utc_now
from service.api.dependencies import AppState
from service.api.middleware import BodyLimit, RequestContext
from service.runtime import Runtime

MAX_BODY_BYTES = 16 * 2**20

_ERRORS = {
    status: {"model": problems.Problem, "description": text}
    for status, text in (
        (400, "the body is not JSON text"),
        (404, "unknown id"),
        (413, "too much data"),
        (422, "invalid request; `detail` says what to do"),
        (503, "a dependency does not answer; try again shortly"),
    )
}


def create_app(runtime: Runtime, *, clock: Clock = utc_now) -> FastAPI:
    """The API over an opened runtime; the indexing loop runs from start-up to shutdown."""
    indexing = runtime.params.indexing
    loop = IndexingLoop(runtime.outbox, indexing.poll_ms / 1000, indexing.optimize_after)
    schedule = Schedule(
        runtime.database,
        background_tasks(runtime.settings, runtime.params.schedule, runtime.database, runtime.count_popular, clock),
        clock,
    )
    publishing = _release_loop(runtime)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loop.start()
        if publishing is not None:
            publishing.start()
        schedule.start()
        yield
        schedule.stop()
        if publishing is not None:
            publishing.stop()
        loop.stop()

    app = FastAPI(
        title="Vitrine",
        summary="Product recommendations and search",
        version="1",
        lifespan=lifespan,
        responses=_ERRORS,  # type: ignore[arg-type]
    )
    app.state.vitrine = AppState(runtime, loop)
    app.state.clock = clock
    app.state.events = events.make_writer(runtime, clock)
    for module in (search, similar, bundle, home, popular, products, events, users, health):
        app.include_router(module.router)
    problems.install(app)
    app.add_middleware(BodyLimit, max_bytes=MAX_BODY_BYTES)
    app.add_middleware(RequestContext)
    return app


def _release_loop(runtime: Runtime) -> ReleaseLoop | None:
    """Publishes what is trained beside this process; whoever trains with a Qdrant server publishes by himself."""
    settings, params = runtime.settings, runtime.params
    if settings.qdrant_url is not None:
        return None
    publisher = Publisher(
        runtime.database, runtime.store, settings.releases_dir, runtime.fields, params.training.checks
    )
    return ReleaseLoop(publisher, params.releases.poll_ms / 1000, params.releases.keep)
