"""``/health``: is the process alive, and can it answer?"""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import text

from indexer.worker import IndexingState
from service.api.dependencies import AppState, State
from service.core.errors import RecommenderError
from service.store.outbox import count_stale
from service.store.spaces import PRODUCTS

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", summary="The process runs")
async def live() -> dict[str, str]:
    """Always 200 while the process can answer at all."""
    return {"status": "ok"}


@router.get("/ready", summary="Database and index answer", responses={503: {"description": "something does not"}})
async def ready(state: State, response: Response) -> dict[str, Any]:
    """200 if the database and the vector store answer; says what waits to be indexed."""
    report = await state.call(lambda: _readiness(state))
    response.status_code = 200 if report["status"] == "ok" else 503
    return report


def _readiness(state: AppState) -> dict[str, Any]:
    problems = {}
    points = None
    indexing = state.indexing.state if state.indexing is not None else IndexingState()
    try:
        with state.runtime.database.session() as session:
            if state.indexing is None:
                indexing.waiting = count_stale(session)
            else:
                session.connection().execute(text("SELECT 1"))
    except RecommenderError as error:
        problems["database"] = error.message
    try:
        points = state.runtime.store.count(PRODUCTS)
    except RecommenderError as error:
        problems["vectors"] = error.message
    return {
        "status": "unavailable" if problems else "ok",
        "indexed": points,
        "waiting": indexing.waiting,
        "indexing_failure": indexing.failure,
        "impressions": asdict(state.runtime.impressions.state),
        "problems": problems,
    }
