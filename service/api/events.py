"""``/v1/events``: what users do, recorded as it happens; what is acknowledged is committed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from service.accounts.caller import Caller, Scope
from service.api.clock import Clock, Now
from service.api.dependencies import State, Tenant
from service.api.event_lines import read_event, read_lines
from service.api.event_schemas import EventIn, EventsOut
from service.api.event_writer import EventWriter
from service.core.errors import NotAllowed
from service.core.types import Interaction
from service.runtime import Runtime
from service.store.events import EventOutcome, EventStatus, record_events

router = APIRouter(prefix="/v1/events", tags=["events"])

_EVENT = EventIn.model_json_schema()
_MANY = {"type": "array", "items": _EVENT}
_BATCH = {"type": "object", "properties": {"events": _MANY}, "required": ["events"]}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"anyOf": [_EVENT, _BATCH, _MANY]}}},
    }
}


def make_writer(runtime: Runtime, clock: Clock) -> EventWriter:
    """The one writer of a process, by the policy of ``[events]``."""
    params = runtime.params.events

    def write(events: Sequence[Interaction]) -> list[EventOutcome]:
        with runtime.database.session() as session:
            return record_events(session, events, unknown_products=params.unknown_products, now=clock())

    return EventWriter(write, params.max_waiting)


async def _writer(request: Request) -> EventWriter:
    writer: EventWriter = request.app.state.events
    return writer


Writer = Annotated[EventWriter, Depends(_writer)]


@router.post("", response_model=EventsOut, openapi_extra=_BODY, summary="Record one event or many")
async def post_events(request: Request, state: State, tenant: Tenant, now: Now, writer: Writer) -> Response:
    """One event object, a list of them, or ``{"events": [...]}``; `[events] max_batch` of them at most.

    Each is checked by itself: the answer has one result per event, in the order sent. It is sent after the commit, so
    what it calls recorded survives whatever happens next; without an answer send the same again, with an `event_id`
    that makes it count once.
    """
    lines = read_lines(await request.body(), state.runtime.params.events.max_batch)
    read = [read_event(line, tenant, now) for line in lines]
    if not state.caller.may(Scope.USERS):
        read = [_spoken_for(each, state.caller) for each in read]
    written = iter(await writer.record([event for event in read if isinstance(event, Interaction)]))
    outcomes = [next(written) if isinstance(each, Interaction) else each for each in read]
    return Response(orjson.dumps(_answer(outcomes)), media_type="application/json")


def _spoken_for(event: Interaction | EventOutcome, caller: Caller) -> Interaction | EventOutcome:
    """The event as the caller's own; refused where it names somebody else."""
    if not isinstance(event, Interaction):
        return event
    try:
        return replace(event, user=caller.person(event.user))
    except NotAllowed as error:
        return EventOutcome(EventStatus.REFUSED, f"user: {error.message}")


def _answer(outcomes: list[EventOutcome]) -> dict[str, Any]:
    # plain values for orjson: an answer of a thousand lines through its schema would take longer than writing them
    counts = Counter(outcome.status.value for outcome in outcomes)
    return {
        "recorded": counts["recorded"],
        "duplicates": counts["duplicate"],
        "refused": counts["refused"],
        "results": [
            {"index": index, "status": outcome.status.value, "reason": outcome.reason}
            for index, outcome in enumerate(outcomes)
        ],
    }
