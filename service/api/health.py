"""``/health``: is the process alive, and can it do its work?"""

import os
from dataclasses import asdict
from typing import Any, Literal

import orjson
import structlog
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from indexer.worker import IndexingState
from service.api.dependencies import AppState, RequestId, State
from service.api.documented_problems import problem_answer
from service.api.problems import problem
from service.api.readiness import Part, PartState, overall, parts
from service.core.errors import RecommenderError
from service.store.outbox import count_stale
from service.store.spaces import PRODUCTS

log = structlog.get_logger()

router = APIRouter(prefix="/health", tags=["health"])


class PartOut(BaseModel):
    """One of the things an answer needs."""

    state: PartState = Field(description="degraded: answers are poorer; failed: there are none")
    reason: str | None = Field(description="why, and what to do; null where there is nothing to say")


class ReadyOut(BaseModel):
    """That this process can do its work, and how its parts are."""

    status: Literal["ok", "degraded"]
    pid: int = Field(description="of the process that answers")
    parts: dict[str, PartOut]
    indexed: int | None = Field(description="products in the index")
    waiting: int = Field(description="changed products that the index has not seen")
    indexing_failure: str | None
    impressions: dict[str, Any] = Field(description="lists shown: written, waiting, dropped, failure")
    events_waiting: int = Field(description="events that wait to be written")
    problems: dict[str, str] = Field(description="parts that do not work -> why")


@router.get("/live", summary="The process runs")
async def live() -> dict[str, str]:
    """Always 200 while the process can answer at all."""
    return {"status": "ok"}


@router.get(
    "/ready", summary="Every part that an answer needs works", response_model=ReadyOut,
    responses={503: problem_answer("a part does not work; `parts` in the problem says which and why")},
)  # fmt: skip
async def ready(request: Request, state: State, request_id: RequestId) -> Response:
    """Tries the database, the encoder, the index, the release and the disk; 503 if one of them does not work.

    What only makes answers poorer is told with 200 and `degraded`: another process would do no better.
    """
    found = await state.call(lambda: parts(state))
    status = overall(found)
    _say_changes(request, status, found)
    report = await state.call(lambda: _report(state, found)) | {"events_waiting": request.app.state.events.waiting}
    if status is not PartState.FAILED:
        return Response(orjson.dumps({"status": str(status), **report}), media_type="application/json")
    wrong = "; ".join(f"{name}: {why}" for name, why in report["problems"].items())
    answer = problem(503, "not_ready", f"cannot answer yet or any more: {wrong}", request_id)
    body = report | orjson.loads(bytes(answer.body))
    return Response(
        orjson.dumps(body), 503, {"retry-after": answer.headers["retry-after"]}, media_type="application/problem+json"
    )


def _report(state: AppState, found: list[Part]) -> dict[str, Any]:
    by_name = {part.name: part for part in found}
    has_database = by_name["database"].state is not PartState.FAILED
    waiting = _waiting(state) if has_database and state.indexing is None else 0
    indexing = state.indexing.state if state.indexing is not None else IndexingState(waiting=waiting)
    works = by_name["vectors"].state is not PartState.FAILED
    return {
        "pid": os.getpid(),
        "parts": {part.name: {"state": str(part.state), "reason": part.reason} for part in found},
        "indexed": _indexed(state) if works else None,
        "waiting": indexing.waiting,
        "indexing_failure": indexing.failure,
        "impressions": asdict(state.runtime.impressions.state),
        "problems": {part.name: part.reason or "" for part in found if part.state is PartState.FAILED},
    }


def _waiting(state: AppState) -> int:
    try:
        with state.runtime.database.session() as session:
            return count_stale(session)
    except RecommenderError:
        return 0  # the part that is the database says why


def _indexed(state: AppState) -> int | None:
    try:
        return state.runtime.store.count(PRODUCTS)
    except RecommenderError:
        return None  # gone since it was tried


def _say_changes(request: Request, status: PartState, found: list[Part]) -> None:
    """Log once when the process becomes ready, degraded or not ready; whoever asks for it, as orchestrators do."""
    before = getattr(request.app.state, "readiness", None)
    if status is before:
        return
    request.app.state.readiness = status
    wrong = {part.name: part.reason for part in found if part.state is not PartState.OK}
    if status is PartState.OK:
        log.info("service_ready")
    else:
        log.warning("service_degraded" if status is PartState.DEGRADED else "service_not_ready", parts=wrong)
