"""``/api/v1/interactions``: what users do, in and out of the precision API."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.api.clock import Now
from service.api.compat.bad_request import BadRequest
from service.api.compat.precision_rules import MAX_QUERY, PRODUCT_ID, USER_ID, checked_user
from service.api.dependencies import State, Tenant
from service.api.events import Writer
from service.core.errors import InvalidQuery, NotFound
from service.core.types import EventType, Interaction
from service.store.events import EventStatus, StoredInteraction, user_events

router = APIRouter(prefix="/api/v1/interactions/interactions", tags=["precision"])

_MOST = 10_000  # interactions in one answer, the newest
_TYPES = {"product_click": EventType.CLICK, "search_query": EventType.SEARCH}
_NAMES: dict[EventType, str] = {type: name for name, type in _TYPES.items()}


class InteractionIn(BaseModel):
    """A click on a product or a search."""

    model_config = ConfigDict(strict=True)

    user_id: str = Field(pattern=USER_ID, description="1 to 50 letters and digits")
    event_type: Literal["product_click", "search_query"]
    product_id: Annotated[str, StringConstraints(pattern=PRODUCT_ID)] | None = Field(None, description="of a click")
    query: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=MAX_QUERY, pattern=r"^[^\x00]*$")
    ] | None = Field(None, description="of a search")  # fmt: skip


class InteractionOut(BaseModel):
    """Something the user did; what only /v1 knows, as purchases, has its name there."""

    event_type: str
    product_id: str | None
    query: str | None
    timestamp: datetime

    @classmethod
    def of(cls, stored: StoredInteraction) -> "InteractionOut":
        """The stored event."""
        event = stored.interaction
        name = _NAMES.get(event.type, str(event.type))
        return cls(event_type=name, product_id=event.product, query=event.query, timestamp=event.at)


class Interactions(BaseModel):
    """What a user did, newest first."""

    user_id: str
    interactions: list[InteractionOut]


@router.post("", response_class=Response, summary="Log an interaction")
async def post_interaction(body: InteractionIn, state: State, tenant: Tenant, now: Now, writer: Writer) -> Response:
    """Answered, with an empty body, once it is committed."""
    type = _TYPES[body.event_type]
    needed = "product_id" if type is EventType.CLICK else "query"
    if not getattr(body, needed):
        raise BadRequest(f"{body.event_type} needs a {needed}; send one", code="missing_field")
    product, query = (body.product_id, None) if type is EventType.CLICK else (None, body.query)
    (outcome,) = await writer.record([Interaction(type, now, body.user_id, None, product, query, tenant=tenant)])
    if outcome.status is EventStatus.REFUSED:
        raise InvalidQuery(f"the interaction was refused: {outcome.reason}")
    if query is not None:
        # the very next home page looks at it, and waits for no model
        await state.call(lambda: state.runtime.services.encoders.text.encode_query(query))
    return Response()


@router.get("/{user_id}", summary="What a user did")
async def get_interactions(
    user_id: str,
    state: State,
    tenant: Tenant,
    now: Now,
    days: Annotated[int, Query(ge=1, le=36_500, description="how far back")] = 30,
) -> Interactions:
    """Newest first; nothing for a user who did nothing."""
    user = checked_user(user_id)

    def work() -> list[StoredInteraction]:
        try:
            with state.runtime.database.session() as session:
                return user_events(session, tenant, user, days=days, limit=_MOST, now=now)
        except NotFound:
            return []

    found = await state.call(work)
    return Interactions(user_id=user, interactions=[InteractionOut.of(event) for event in found])
