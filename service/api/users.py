"""``/v1/users``: what is known about a user, what they did, and the session they were before signing in."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query
from sqlmodel import Session

from service.api.clock import Now
from service.api.dependencies import AppState, State, Tenant
from service.api.documented_problems import Responses, problem_answer
from service.api.event_schemas import EventOut, Id, MergeIn, MergeOut, UserEvents, UserIn, UserOut
from service.store import events, users

T = TypeVar("T")

router = APIRouter(prefix="/v1/users", tags=["users"])

_ERASED: Responses = {409: problem_answer("whoever had this id was erased")}
UserId = Annotated[Id, Path(description="the merchant's id, 1-128 characters")]
Days = Annotated[float, Query(gt=0, le=36_500, allow_inf_nan=False, description="how far back")]


@router.get("/{id}", summary="One user")
async def get_user(id: UserId, state: State, tenant: Tenant) -> UserOut:
    """Preferences and features as stored; 404 for a user who neither did anything nor was told of."""
    return UserOut.of(await _in_session(state, lambda session: users.get_user(session, tenant, id), quick=True))


@router.put("/{id}", summary="Tell what is known about a user", responses=_ERASED)
async def put_user(id: UserId, body: UserIn, state: State, tenant: Tenant, now: Now) -> UserOut:
    """Makes the user if needed; preferences count from the next answer on, before any event."""
    known = body.model_dump(mode="json", exclude_unset=True)
    preferences, features = known.get("preferences"), known.get("features")
    stored = await _in_session(
        state,
        lambda session: users.put_user(session, tenant, id, preferences=preferences, features=features, now=now),
    )
    return UserOut.of(stored)


@router.get("/{id}/events", summary="What a user did")
async def get_events(
    id: UserId,
    state: State,
    tenant: Tenant,
    now: Now,
    days: Days = 30,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> UserEvents:
    """The events of the last days, newest first; 404 for an unknown user."""
    found = await _in_session(
        state, lambda session: events.user_events(session, tenant, id, days=days, limit=limit, now=now)
    )
    return UserEvents(user=id, events=[EventOut.of(event) for event in found])


@router.post("/{id}/merge", summary="An anonymous session signs in", responses=_ERASED)
async def post_merge(id: UserId, body: MergeIn, state: State, tenant: Tenant) -> MergeOut:
    """What the session did becomes the user's own; asked again, it changes nothing. Makes the user if needed."""
    merged = await _in_session(state, lambda session: events.merge_session(session, tenant, id, body.session))
    return MergeOut(user=id, session=body.session, merged=merged)


async def _in_session(state: AppState, work: Callable[[Session], T], *, quick: bool = False) -> T:
    def run() -> T:
        with state.runtime.database.session() as session:
            return work(session)

    return await state.call(run, quick=quick)
