"""Exports and erasures of people: by themselves, and by servers that may do everything."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any, cast

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from service.accounts.confirm import confirm
from service.api.auth import AtReception, Password
from service.api.clock import Clock, Now
from service.api.dependencies import AppState, State, Tenant
from service.api.event_schemas import Id
from service.api.principal import Principal
from service.privacy.check import Checked, check_erasure
from service.privacy.opening import around_of, eraser_of, exporter_of
from service.store.erasures import Erasure, memberships
from service.store.jobs import enqueue

router = APIRouter(prefix="/v1", tags=["privacy"])

_IN_MEMORY = 4 * 2**20
_CHUNK = 2**16
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "one JSON document; a ZIP of it and of JSON lines from ten thousand rows on",
        "content": {
            "application/json": {"schema": {"type": "object"}},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}
UserId = Annotated[Id, Path(description="the merchant's id, 1-128 characters")]
ReceiptId = Annotated[str, Path(min_length=1, max_length=100, description="as the erasure answered it")]


class EraseMeIn(BaseModel):
    """What shows that it is really you."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    password: Password | None = Field(None, description="not needed within five minutes after signing in")


class MembershipOut(BaseModel):
    """A release that learned from the person among others."""

    release: str
    status: str
    until: datetime | None = Field(description="gone by then; null: with the training after next_training_at")


class ReceiptOut(BaseModel):
    """What was erased; says of whom only to who knows it already."""

    receipt: str
    begun_at: datetime
    done_at: datetime | None
    erased: dict[str, int] = Field(description="table or place -> how much was there")
    releases: list[MembershipOut]
    model_ended_at: datetime | None = Field(description="since then no release knows the person")
    next_training_at: datetime | None = Field(description="null: nobody trains by themselves, run `vitrine train`")


class LeftOut(BaseModel):
    """Something that is still there."""

    where: str
    count: int


class CheckedOut(ReceiptOut):
    """A receipt, and what a look into every place found."""

    verdict: str = Field(description="clean, model (only `releases` are left), left, or unfinished")
    left: list[LeftOut]
    unseen: list[str] = Field(description="places that could not be looked into from here")


@router.get("/me/export", summary="All that is kept of oneself", responses=_FILES, response_class=StreamingResponse)
async def get_my_export(caller: Principal, state: State, at: AtReception, now: Now) -> StreamingResponse:
    """Account, preferences, sessions, experiments, events, what was shown, searches; no hashes."""
    account = await at.working(lambda: at.desk.account_of(caller))
    return await _export(state, account.tenant, account.user, now)


@router.get(
    "/users/{id}/export", summary="All that is kept of a user", responses=_FILES, response_class=StreamingResponse
)
async def get_export(id: UserId, state: State, tenant: Tenant, now: Now) -> StreamingResponse:
    """The same of any user; 404 for somebody of whom nothing is kept."""
    return await _export(state, tenant, id, now)


@router.delete("/me", summary="Erase oneself")
async def delete_me(
    caller: Principal, state: State, request: Request, at: AtReception, body: EraseMeIn | None = None
) -> ReceiptOut:
    """Account, events, what was shown, searches, sessions, vectors: at once and for ever. Keep the receipt's id.

    Needs the password, or a sign-in of the last five minutes.
    """
    password = None if body is None else body.password
    account = await at.hashing(lambda: confirm(at.desk, caller, password))
    try:
        return await _erase(state, request.app.state.clock, account.tenant, account.user, retrain=False)
    finally:
        at.proofs.forget()


@router.delete("/users/{id}", summary="Erase a user")
async def delete_user(
    id: UserId,
    state: State,
    tenant: Tenant,
    request: Request,
    at: AtReception,
    now: Annotated[bool, Query(description="train without them at once, and keep no release that knows them")] = False,
) -> ReceiptOut:
    """The same of any user; events that name them are refused from now on for `[privacy] refused_days`."""
    try:
        return await _erase(state, request.app.state.clock, tenant, id, retrain=now)
    finally:
        at.proofs.forget()


@router.get("/privacy/receipts/{id}", summary="Is anything left of somebody who was erased?")
async def get_receipt(id: ReceiptId, state: State, tenant: Tenant, now: Now) -> CheckedOut:
    """Looks into every table, Redis, the vectors and files of releases; takes some seconds in a large shop."""
    runtime = state.runtime

    def look() -> Checked:
        return check_erasure(runtime.database, around_of(runtime), runtime.params.privacy, tenant, id)

    checked = await state.call(look)
    return CheckedOut(
        **_described(state, checked.erasure, checked.releases, now), verdict=checked.verdict,
        left=[LeftOut(**asdict(one)) for one in checked.left], unseen=list(checked.unseen),
    )  # fmt: skip


async def _erase(state: AppState, clock: Clock, tenant: str, user: str, *, retrain: bool) -> ReceiptOut:
    runtime = state.runtime

    def erase() -> ReceiptOut:
        erasure = eraser_of(runtime, clock).erase(tenant, user, retrain=retrain)
        now = clock()
        with runtime.database.session() as session:
            if retrain and runtime.params.schedule.training_s > 0:
                enqueue(session, "training", scheduled_for=now)
            known = memberships(session, erasure, runtime.params.privacy.rollback_days)
        return ReceiptOut(**_described(state, erasure, known, now))

    return await state.call(erase)


def _described(state: AppState, erasure: Erasure, known: Any, now: datetime) -> dict[str, Any]:
    return {
        "receipt": erasure.id, "begun_at": erasure.begun_at, "done_at": erasure.done_at,
        "erased": dict(erasure.counts), "releases": [MembershipOut(**asdict(one)) for one in known],
        "model_ended_at": erasure.model_ended_at,
        "next_training_at": _next_training(state.runtime.params.schedule.training_s, erasure, now),
    }  # fmt: skip


def _next_training(every_s: float, erasure: Erasure, now: datetime) -> datetime | None:
    if not every_s:
        return None
    if erasure.retrain:
        return now
    return datetime.fromtimestamp((now.timestamp() // every_s + 1) * every_s, UTC)


async def _export(state: AppState, tenant: str, user: str, now: datetime) -> StreamingResponse:
    def write() -> tuple[IO[bytes], str]:
        file = cast(IO[bytes], SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115  closed when it is sent
        try:
            kind = exporter_of(state.runtime).write(tenant, user, file, now=now)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file, kind

    file, kind = await state.call(write)
    name = f"export.{kind.removeprefix('application/')}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_chunks(file), media_type=kind, headers=headers)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk
