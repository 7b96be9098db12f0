"""Between an `Interaction` and its row: what cannot be stored, and what a row says."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from math import isfinite
from typing import Any

from service.core.types import EventType, Interaction
from service.store.column_types import as_utc
from service.store.product_rows import is_storable
from service.store.tables import INTERACTION
from service.store.users import MAX_ID

_IDS = ("tenant", "user", "session", "product", "event_id", "request_id")
_EARLIEST, _LATEST = 1, 9998  # years that stay years in every time zone
INTERACTION_COLUMNS = tuple(
    INTERACTION.c[name]
    for name in ("id", "type", "session", "product_id", "product_ref", "query", "value", "at", "received_at",
                 "event_id", "request_id", "position")
)  # fmt: skip
"""What `to_interaction` reads."""


@dataclass(frozen=True, slots=True)
class StoredInteraction:
    """An interaction with its internal keys.

    Attributes
    ----------
    product_id : None while the product is unknown; may belong to a product that was deleted since.
    received_at : when it was recorded, UTC.
    """

    id: int
    interaction: Interaction
    product_id: int | None
    received_at: datetime


def refusal(event: Interaction) -> str | None:
    """Why this cannot be stored, or None; the API and loaders check their input long before.

    Examples
    --------
    >>> refusal(Interaction(EventType.VIEW, datetime(2025, 1, 31), user="anna"))
    'view needs a product'
    """
    for field in _IDS:
        value = getattr(event, field)
        if value is not None and not (1 <= len(value) <= MAX_ID and is_storable(value)):
            return f"{field} must have 1 to {MAX_ID} characters and no NUL, got {value[:200]!a}"
    if event.user is None and event.session is None:
        return "user or session is missing; give at least one"
    if event.type is EventType.SEARCH:
        if event.query is None or not is_storable(event.query):
            return "search needs a query without NUL"
    elif event.product is None:
        return f"{event.type} needs a product"
    return _bad_number(event)


def _bad_number(event: Interaction) -> str | None:
    if event.value is not None and not isfinite(event.value):
        return f"value must be a finite number, got {event.value}"
    if event.position is not None and not -(2**63) <= event.position < 2**63:
        return f"position must be a number of at most 64 bits, got {str(event.position)[:40]}"
    if not _EARLIEST < event.at.year < _LATEST:
        return f"the year must lie between {_EARLIEST} and {_LATEST}, got {event.at.isoformat()}"
    return None


def session_key(tenant: str, session: str) -> int:
    """A number for a session, 1 to 2**63 - 1: the same wherever and whenever it is asked for.

    Examples
    --------
    >>> session_key("default", "s1") == session_key("default", "s1") != session_key("other", "s1")
    True
    """
    return int.from_bytes(blake2b(f"{tenant}\0{session}".encode(), digest_size=8).digest()) >> 1 or 1


def interaction_row(event: Interaction, user_id: int | None, product_id: int | None, now: datetime) -> dict[str, Any]:
    """The columns of an interaction that `refusal` has nothing against."""
    return {
        "tenant": event.tenant,
        "type": str(event.type),
        "user_id": user_id,
        "session_key": None if event.session is None else session_key(event.tenant, event.session),
        "product_id": product_id,
        "value": event.value,
        "at": event.at,
        "received_at": now,
        "position": event.position,
        "event_id": event.event_id,
        "session": event.session,
        "product_ref": event.product,
        "query": event.query,
        "request_id": event.request_id,
    }


def to_interaction(row: Any, tenant: str, user: str | None) -> StoredInteraction:
    """Rebuild an interaction from an SQLAlchemy row that holds `INTERACTION_COLUMNS`."""
    interaction = Interaction(
        type=EventType(row.type),
        at=as_utc(row.at),
        user=user,
        session=row.session,
        product=row.product_ref,
        query=row.query,
        value=row.value,
        event_id=row.event_id,
        request_id=row.request_id,
        position=row.position,
        tenant=tenant,
    )
    return StoredInteraction(row.id, interaction, row.product_id, row.received_at)
