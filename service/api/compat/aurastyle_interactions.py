"""``/interactions`` of the AuraStyle API: an immutable log of what users do."""

from typing import Annotated

from fastapi import APIRouter, Query

from service.api.clock import Now
from service.api.compat.aurastyle_accounts import Me
from service.api.compat.aurastyle_schemas import InteractionIn, InteractionOut, Interactions
from service.api.dependencies import State, Tenant
from service.api.events import Writer
from service.core.errors import NotFound
from service.core.types import EventType, Interaction
from service.store.events import EventStatus, StoredInteraction, user_events

router = APIRouter(prefix="/interactions", tags=["aurastyle"])


@router.post("", status_code=201, summary="Log what the signed-in user did")
async def post_interaction(
    body: InteractionIn, user: Me, state: State, tenant: Tenant, now: Now, writer: Writer
) -> InteractionOut:
    """Answered once it is committed; it counts in the very next recommendations."""
    type = EventType(body.event)
    (outcome,) = await writer.record([Interaction(type, now, user, None, body.product_id, tenant=tenant)])
    if outcome.status is EventStatus.REFUSED:
        raise NotFound(f"the interaction was refused: {outcome.reason}", code="product_not_found")
    return InteractionOut(product_id=body.product_id, event=body.event, weight=_weight(state, type), timestamp=now)


@router.get("", summary="What the signed-in user did")
async def get_interactions(
    user: Me,
    state: State,
    tenant: Tenant,
    now: Now,
    days: Annotated[int, Query(ge=1, le=36_500, description="how far back")] = 30,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Interactions:
    """Newest first."""

    def work() -> list[StoredInteraction]:
        with state.runtime.database.session() as session:
            return user_events(session, tenant, user, days=days, limit=limit, now=now)

    events = [stored.interaction for stored in await state.call(work)]
    return Interactions(
        items=[
            InteractionOut(
                product_id=event.product, event=str(event.type), weight=_weight(state, event.type), timestamp=event.at
            )
            for event in events
            if event.product is not None
        ]
    )


def _weight(state: State, type: EventType) -> float:
    return state.runtime.params.events.weights.get(type, 0.0)
