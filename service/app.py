"""The FastAPI application: routes, middleware and what goes on behind them around one `Runtime`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from importlib.metadata import version
from typing import Any

import structlog
from anyio import to_thread
from fastapi import Depends, FastAPI

from service.api import (
    admin,
    auth,
    bundle,
    documented_problems,
    events,
    explain,
    health,
    home,
    keys,
    live,
    metrics,
    popular,
    privacy,
    problems,
    product_pictures,
    products,
    rules,
    search,
    searches,
    similar,
    suggest,
    synonyms,
    users,
    wording,
)
from service.api.access import Access
from service.api.cached import KeptAnswers
from service.api.clock import Clock, utc_now
from service.api.compat import compat_router
from service.api.counted_requests import CountedRequests
from service.api.dependencies import AppState
from service.api.documented_access import document_access
from service.api.documented_answers import document_answers
from service.api.documented_codes import document_codes
from service.api.documented_examples import document_examples
from service.api.guards import guard_inside, guard_outside
from service.api.metrics import make_metrics
from service.api.middleware import BodyLimit
from service.api.principal import authorise
from service.api.reception import make_reception
from service.api.request_context import RequestContext
from service.background import make_background
from service.core.types import DEFAULT_TENANT
from service.lately import Lately
from service.runtime import Runtime
from service.storefront.routes import router as storefront
from service.traces import Traces, observers, open_traces
from service.warm import WarmUp

log = structlog.get_logger()

MAX_BODY_BYTES = 16 * 2**20

_ROUTES = (
    search, searches, suggest, synonyms, similar, bundle, home, popular, product_pictures, products, events, users,
    rules, explain, wording, health, live, metrics, auth, keys, privacy, admin,
)  # fmt: skip


def create_app(runtime: Runtime, *, clock: Clock = utc_now) -> FastAPI:
    """The API over an opened runtime; what goes on behind it, unless a worker does that, ends with it."""
    background = make_background(runtime, clock) if runtime.settings.runs_background else None
    wordsmith = wording.make_wordsmith(runtime)
    traces = open_traces()
    suggestions = suggest.make_suggestions(runtime, clock)
    reception = make_reception(runtime, clock)
    thumbnails = product_pictures.make_thumbnails(runtime)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warm_up = WarmUp(runtime.services)
        runtime.impressions.start()
        await to_thread.run_sync(runtime.services.words, DEFAULT_TENANT)  # so that no query has to wait for it
        warm_up.start()
        suggestions.warm(DEFAULT_TENANT)
        app.state.live.start()
        log.info("service_starts", **_described(runtime))
        try:
            with background.running() if background else nullcontext():
                yield
        finally:
            log.info("service_stops")
            await app.state.live.stop()
            suggestions.close()
            thumbnails.close()
            warm_up.stop()
            await wordsmith.close()
            runtime.impressions.stop()
            if traces is not None:
                await to_thread.run_sync(traces.close)

    app = FastAPI(
        title="Vitrine",
        summary="Product recommendations and search",
        version="1",
        lifespan=lifespan,
        responses=documented_problems.EVERYWHERE,
        redirect_slashes=False,  # they lead to the host that the caller names
        dependencies=[Depends(authorise)],
        docs_url=None,  # a page of ours: theirs comes from a CDN
        redoc_url=None,
    )
    app.state.vitrine = AppState(runtime, background.indexing if background else None)
    app.state.clock = clock
    app.state.events = events.make_writer(runtime, clock)
    app.state.live = live.make_live(runtime, app.state.vitrine)
    app.state.events.heard = app.state.live.heard
    app.state.wordsmith = wordsmith
    app.state.suggestions = suggestions
    app.state.thumbnails = thumbnails
    app.state.answers = KeptAnswers(runtime.services, runtime.params.answers)
    app.state.reception = reception
    _include_routes(app, runtime)
    problems.install(app)
    _document(app, runtime)
    _add_middleware(app, runtime, traces)
    return app


def _include_routes(app: FastAPI, runtime: Runtime) -> None:
    for module in _ROUTES:
        app.include_router(module.router)
    if api := runtime.params.profile.api:
        app.include_router(compat_router(api))
    app.include_router(storefront)  # last: another system's API keeps its paths


def _document(app: FastAPI, runtime: Runtime) -> None:
    """Let the OpenAPI document say what every route asks, how it fails, and what a body looks like."""
    document_access(app, is_open=runtime.settings.access == "open")
    documented_problems.document_problems(app)
    document_examples(app)
    document_answers(app)
    document_codes(app)


def _add_middleware(app: FastAPI, runtime: Runtime, traces: Traces | None) -> None:
    """What every request passes, the innermost first."""
    settings, state = runtime.settings, app.state
    is_open = settings.access == "open"
    app.add_middleware(Access, proofs=state.reception.proofs, is_open=is_open, blocks=not settings.embedded)
    app.add_middleware(CountedRequests, count=state.live.counters.request)
    app.add_middleware(BodyLimit, max_bytes=MAX_BODY_BYTES)
    guard_inside(app, runtime)
    state.metrics = make_metrics(app)
    state.lately = Lately(lambda: state.traffic.refused)
    watching = (state.metrics.observe, state.lately.observe, *observers(traces))
    app.add_middleware(RequestContext, observers=watching)
    guard_outside(app, runtime)


def _described(runtime: Runtime) -> dict[str, Any]:
    """What a service that starts says of itself."""
    settings, release = runtime.settings, runtime.services.release()
    return {
        "version": version("vitrine"),
        "profile": settings.profile,
        "database": runtime.database.dialect,
        "vectors": "server" if settings.qdrant_url else "embedded",
        "background": settings.runs_background,
        "release": release.id if release else None,
    }
