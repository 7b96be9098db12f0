"""A body of events, read line by line: what is an event, and why the rest is none."""

import json
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from indexer.load.reasons import MEANING
from indexer.load.times import read_time
from service.api.event_schemas import EventIn
from service.api.problems import describe
from service.core.errors import InvalidQuery, PayloadTooLarge
from service.core.types import EventType, Interaction
from service.store.events import EventOutcome, EventStatus

_STARS = 5
_SHOWN_PROBLEMS = 5
_BOUGHT = (EventType.CART, EventType.PURCHASE)
_EXPECTED = 'send one event object, a list of them, or {"events": [...]}'


def read_lines(body: bytes, most: int) -> list[Any]:
    """The events of a body, unchecked: one object, a list, or ``{"events": [...]}``.

    Raises
    ------
    InvalidQuery : the body is none of these. PayloadTooLarge : more than `most` events.

    Examples
    --------
    >>> read_lines(b'{"type": "view"}', 10) == read_lines(b'[{"type": "view"}]', 10)
    True
    """
    lines = _parsed(body)
    if isinstance(lines, dict):
        lines = lines["events"] if lines.keys() == {"events"} else [lines]
    if not isinstance(lines, list):
        raise InvalidQuery(f"the body holds no events; {_EXPECTED}", code="malformed_body")
    if len(lines) > most:
        message = f"{len(lines)} events in one body; at most {most} are accepted: send them in several requests"
        raise PayloadTooLarge(message, code="too_many_events")
    return lines


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        # slower, but takes what browsers and Python write though it is not quite JSON (half an emoji, NaN): the one
        # event is refused then instead of the whole body
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidQuery(f"the body is not JSON ({error}); {_EXPECTED}", code="malformed_body") from error


def read_event(line: Any, tenant: str, now: datetime) -> Interaction | EventOutcome:
    """One event, or why it is refused; what the store checks anyway is left to it.

    Parameters
    ----------
    now : the time it is, UTC: of events that do not say when, and to tell what lies in the future.

    Examples
    --------
    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> read_event({"type": "rating", "user": "anna", "product": "mug", "value": 6}, "default", now).reason
    'value: a rating has 0 to 5 stars (got 6.0)'
    """
    try:
        event = EventIn.model_validate(line)
    except ValidationError as error:
        wrong = describe(error.errors(include_url=False, include_context=False)[:_SHOWN_PROBLEMS])
        return _refused("; ".join(f"{each['field']}: {each['problem']}" for each in wrong))
    at, problem = (now, "") if event.at is None else _moment(event.at, now)
    type = EventType(event.type)
    problem = problem or _bad_value(type, event.value)
    if at is None or problem:
        return _refused(problem)
    return Interaction(
        type, at, event.user, event.session, event.product, event.query, event.value, event.event_id,
        event.request_id, event.position, tenant,
    )  # fmt: skip


def _moment(raw: Any, now: datetime) -> tuple[datetime | None, str]:
    if not isinstance(raw, str | int | float) or isinstance(raw, bool):
        return None, "at: neither ISO 8601 nor a number of (milli)seconds since 1970"
    at, reasons = read_time(raw, now)
    if at is not None:
        return at, ""
    return None, f"at: {MEANING[reasons[0]]} (got {raw!r:.60}; here it is {now.isoformat(timespec='seconds')})"


def _bad_value(type: EventType, value: float | None) -> str:
    if type is EventType.RATING and (value is None or value > _STARS):
        return f"value: a rating has 0 to {_STARS} stars (got {value})"
    if type in _BOUGHT and value == 0:
        return f"value: the pieces of a {type} are above 0 (got 0); leave out what was taken back"
    return ""


def _refused(reason: str) -> EventOutcome:
    return EventOutcome(EventStatus.REFUSED, reason)
