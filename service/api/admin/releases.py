"""``/v1/admin/releases``: what was trained, which release answers, and the two ways to change that."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from service.api.admin.listed import CSV_TOO, AsFormat, Format, listed
from service.api.admin.sent_by_us import sent_by_us
from service.api.dependencies import AppState, State
from service.api.documented_problems import problem_answer
from service.core.errors import Conflict
from service.served_release import check_served, served_release
from service.store.releases import (
    Release,
    ReleaseStatus,
    get_release,
    list_releases,
    live_release,
    promote,
    rollback,
)

T = TypeVar("T")

router = APIRouter(prefix="/v1/admin/releases", tags=["admin"])

_ACTS: dict[int | str, dict[str, Any]] = {
    409: problem_answer("another release answers by now, or this one cannot")
}  # fmt: skip
_SENT = [Depends(sent_by_us)]
_FUSED = "fused"


class ReleaseRow(BaseModel):
    """One training run's result."""

    id: str
    status: ReleaseStatus
    created_at: datetime
    promoted_at: datetime | None
    replaced: str | None = Field(description="the release that answered before this one")
    message: str | None = Field(description="why it failed")
    ndcg_10: float | None = Field(description="of the fused signals on held-out interactions")
    hit_rate_10: float | None
    interactions: int | None
    products: int | None
    users: int | None
    metrics: dict[str, Any] = Field(description="signal -> figures")


class ReleasesOut(BaseModel):
    """Newest first."""

    live: str | None
    rows: list[ReleaseRow]


class ActIn(BaseModel):
    """What is confirmed."""

    model_config = ConfigDict(extra="forbid")

    live: Annotated[str, Field(max_length=200)] | None = Field(
        description="the release that answers as far as you know; nothing happens where another does by now"
    )


@router.get("", summary="The releases", response_model=ReleasesOut, responses=CSV_TOO)
async def get_releases(state: State, form: AsFormat = Format.JSON) -> Response:
    """What was trained, what it reached, and which one answers."""

    def work(session: Session) -> ReleasesOut:
        rows = [_row(one) for one in list_releases(session, limit=200)]
        live = next((row.id for row in rows if row.status is ReleaseStatus.LIVE), None)
        return ReleasesOut(live=live, rows=rows)

    found = await state.call(lambda: _in_session(state, work))
    return listed(found, found.rows, form, "releases")


@router.post("/rollback", summary="Let the release before answer again", responses=_ACTS, dependencies=_SENT)
async def post_rollback(body: ActIn, state: State) -> ReleaseRow:
    """The one that the live release replaced; requests take it up within a second."""

    def work(session: Session) -> ReleaseRow:
        _check_live(session, body.live)
        return _row(rollback(session))

    return await state.call(lambda: _in_session(state, work))


@router.post("/{id}/promote", summary="Let a release answer", responses=_ACTS, dependencies=_SENT)
async def post_promote(id: Annotated[str, Path(max_length=200)], body: ActIn, state: State) -> ReleaseRow:
    """Its collections are tried first; requests take it up within a second."""

    def check(session: Session) -> Release:
        _check_live(session, body.live)
        return get_release(session, id)

    def work() -> ReleaseRow:
        release = _in_session(state, check)
        if release.status in (ReleaseStatus.READY, ReleaseStatus.RETIRED):
            check_served(state.runtime.store, served_release(release.id, release.manifest))

        def act(session: Session) -> ReleaseRow:
            _check_live(session, body.live)
            return _row(promote(session, id))

        return _in_session(state, act)

    return await state.call(work)


def _check_live(session: Session, believed: str | None) -> None:
    live = live_release(session)
    now = live.id if live else None
    if now != believed:
        raise Conflict(f"the release that answers is {now}, not {believed}; look again", code="other_release_live")


def _in_session(state: AppState, work: Callable[[Session], T]) -> T:
    with state.runtime.database.session() as session:
        return work(session)


def _row(release: Release) -> ReleaseRow:
    signals = release.metrics.get("signals", {})
    counts = release.manifest.get("counts", {})
    fused = signals.get(_FUSED, {})
    return ReleaseRow(
        id=release.id, status=release.status, created_at=release.created_at, promoted_at=release.promoted_at,
        replaced=release.replaced, message=release.message, ndcg_10=fused.get("ndcg_10"),
        hit_rate_10=fused.get("hit_rate_10"), interactions=counts.get("interactions"),
        products=counts.get("products"), users=counts.get("users"), metrics=dict(signals),
    )  # fmt: skip
