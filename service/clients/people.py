"""Requests about what users do, and about users."""

from collections.abc import Iterable
from typing import Unpack
from uuid import uuid4

from service.clients.answers.people import CheckedOut, EventsOut, MergeOut, ReceiptOut, UserEvents, UserOut
from service.clients.asks.people import Event, UserFields
from service.clients.call import Call, in_path, params


def event(**told: Unpack[Event]) -> Call[EventsOut]:
    """Record something a user or session did; counts in the very next answer.

    Examples
    --------
    >>> event(type="view", user="ann", product="mug-1", event_id="e-1").body
    {'events': [{'type': 'view', 'user': 'ann', 'product': 'mug-1', 'event_id': 'e-1'}]}
    """
    return events([told])


def events(many: Iterable[Event], /) -> Call[EventsOut]:
    """Record many events in one request; each is checked by itself, see `results`.

    Those without `event_id` are given one: so the same call may be sent again, and counts once.
    """
    told = [{name: value for name, value in one.items() if value is not None} for one in many]
    for one in told:
        one.setdefault("event_id", uuid4().hex)
    return Call("POST", "/v1/events", EventsOut, body={"events": told}, repeats=True)


def get_user(id: str, /) -> Call[UserOut]:
    """What is known about a user."""
    return Call("GET", _path(id), UserOut)


def put_user(id: str, /, **fields: Unpack[UserFields]) -> Call[UserOut]:
    """Tell what is known about a user; preferences count from the next answer on.

    Examples
    --------
    >>> put_user("ann", preferences={"brands": ["Alba"], "max_price": 50}).body
    {'preferences': {'brands': ['Alba'], 'max_price': 50}}
    """
    return Call("PUT", _path(id), UserOut, body=fields)


def user_events(id: str, /, *, days: float | None = None, limit: int | None = None) -> Call[UserEvents]:
    """What a user did in the last days, newest first."""
    return Call("GET", f"{_path(id)}/events", UserEvents, params({"days": days, "limit": limit}))


def merge_session(id: str, /, *, session: str) -> Call[MergeOut]:
    """An anonymous session signs in: what it did becomes the user's own."""
    return Call("POST", f"{_path(id)}/merge", MergeOut, body={"session": session}, repeats=True)


def export_user(id: str, /) -> Call[bytes]:
    """All that is kept of a user: JSON, or a ZIP of it where it is much."""
    return Call("GET", f"{_path(id)}/export", bytes)


def erase_user(id: str, /, *, now: bool | None = None) -> Call[ReceiptOut]:
    """Erase all that is kept of a user; `now`: models that know them go at once, too."""
    return Call("DELETE", _path(id), ReceiptOut, params({"now": now}), repeats=False)


def receipt(id: str, /) -> Call[CheckedOut]:
    """Whether anything is left of somebody who was erased."""
    return Call("GET", f"/v1/privacy/receipts/{in_path(id)}", CheckedOut)


def _path(id: str) -> str:
    return f"/v1/users/{in_path(id)}"
