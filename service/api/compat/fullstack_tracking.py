"""``POST /api/track-interaction``: what a user did, by query parameters or as a body."""

from typing import Annotated

from fastapi import APIRouter, Query

from service.api.clock import Now
from service.api.compat.fullstack_ids import LARGEST, ids_of
from service.api.compat.fullstack_schemas import InteractionType, Person, Tracked, TrackIn
from service.api.dependencies import AppState, State, Tenant
from service.api.events import Writer
from service.core.errors import InvalidQuery, NotFound
from service.core.types import EventType, Interaction
from service.store.events import EventStatus

router = APIRouter(prefix="/api", tags=["fullstack"])

_TYPES: dict[InteractionType, EventType] = {
    "view": EventType.VIEW,
    "click": EventType.CLICK,
    "purchase": EventType.PURCHASE,
    "like": EventType.WISHLIST,
}


@router.post("/track-interaction", summary="Track what a user did")
async def post_interaction(
    state: State,
    tenant: Tenant,
    now: Now,
    writer: Writer,
    user_id: Annotated[Person | None, Query()] = None,
    product_id: Annotated[int | None, Query(ge=-LARGEST, le=LARGEST)] = None,
    interaction_type: Annotated[InteractionType | None, Query()] = None,
    session_id: Annotated[Person | None, Query()] = None,
    request_id: Annotated[
        str | None,
        Query(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="X-Request-Id of the recommendations that led here"),
    ] = None,
    body: TrackIn | None = None,
) -> Tracked:
    """Answered once it is committed; it counts in the very next recommendations. Query parameters win over the body."""
    given = TrackIn(
        user_id=user_id, product_id=product_id, interaction_type=interaction_type, session_id=session_id,
        request_id=request_id,
    )  # fmt: skip
    told = (body or TrackIn()).model_copy(update=given.model_dump(exclude_none=True))
    user, product, kind = state.caller.person(told.user_id or None), told.product_id, told.interaction_type
    if user is None or product is None or kind is None:
        named = {"user_id": user, "product_id": product, "interaction_type": kind}
        missing = ", ".join(name for name, value in named.items() if value is None)
        raise InvalidQuery(f"{missing}: missing; send it as a query parameter or in a JSON body", code="missing_field")
    id = await state.call(lambda: _shop_id(state, tenant, product), quick=True)
    event = Interaction(_TYPES[kind], now, user, told.session_id or None, id, tenant=tenant, request_id=told.request_id)
    (outcome,) = await writer.record([event])
    if outcome.status is EventStatus.REFUSED:
        raise NotFound(f"the interaction was refused: {outcome.reason}", code="product_not_found")
    return Tracked()


def _shop_id(state: AppState, tenant: str, number: int) -> str:
    """The shop's own id; a number that no product has (yet) may be one, and then counts once the product is there."""
    with state.runtime.database.session() as session:
        found = ids_of(session, tenant, [number])
    if number < 0 and not found:
        raise NotFound(f"there is no product with number {number}", code="product_not_found")
    return found.get(number, str(number))
