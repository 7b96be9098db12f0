"""Recording many interactions in few statements, each at most once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql
from sqlmodel import Session

from service.core.types import Interaction
from service.store.column_types import as_utc
from service.store.erased import Gone, among
from service.store.event_rows import interaction_row, refusal
from service.store.lookup import product_ids
from service.store.sql_values import one_of
from service.store.tables import INTERACTION
from service.store.upsert import lock_for_writing
from service.store.users import ensure_users

UnknownProducts = Literal["refuse", "keep"]


class EventStatus(StrEnum):
    """What became of one event."""

    RECORDED = "recorded"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """What became of one event, and why it was refused."""

    status: EventStatus
    reason: str | None = None


RECORDED = EventOutcome(EventStatus.RECORDED)
DUPLICATE = EventOutcome(EventStatus.DUPLICATE)
_ERASED = EventOutcome(EventStatus.REFUSED, "whoever this is of was erased; nothing that comes late is kept")


def record_events(
    session: Session, events: Sequence[Interaction], *, unknown_products: UnknownProducts, now: datetime
) -> list[EventOutcome]:
    """Record what users did; unknown users are made, an event id that was seen before changes nothing.

    Parameters
    ----------
    unknown_products : refuse such events, or keep them until the product comes (`resolve_products`).
    now : when they were received, UTC.

    Returns
    -------
    list : one outcome per event, in the same order. Nothing is raised for a single bad event.

    Notes
    -----
    Five statements per tenant, whatever the number of events; some more where users are new or back after an hour, or
    anybody was erased lately: what comes of them is refused.
    """
    reasons = [refusal(event) for event in events]
    outcomes = [RECORDED if reason is None else _refused(reason) for reason in reasons]
    by_tenant: dict[str, list[int]] = {}
    for place, event in enumerate(events):
        if reasons[place] is None:
            by_tenant.setdefault(event.tenant, []).append(place)
    lock_for_writing(session)
    for tenant, places in sorted(by_tenant.items()):
        answers = _record(session, tenant, [events[place] for place in places], unknown_products, now)
        for place, outcome in zip(places, answers, strict=True):
            outcomes[place] = outcome
    return outcomes


def _record(
    session: Session, tenant: str, events: Sequence[Interaction], policy: UnknownProducts, now: datetime
) -> list[EventOutcome]:
    seen = _known_events(session, tenant, {event.event_id for event in events if event.event_id is not None})
    products = product_ids(session, tenant, {event.product for event in events if event.product is not None})
    gone = _erased(session, tenant, events)
    outcomes = []
    for event in events:
        outcome = RECORDED
        if event.event_id in seen:
            outcome = DUPLICATE
        elif not gone.takes(event.user, event.session, as_utc(event.at), now):
            outcome = _ERASED
        elif policy == "refuse" and event.product is not None and event.product not in products:
            outcome = _refused(f"there is no product with id {event.product!r}; add it first, or keep unknown products")
        elif event.event_id is not None:
            seen.add(event.event_id)
        outcomes.append(outcome)
    fresh = [event for event, outcome in zip(events, outcomes, strict=True) if outcome is RECORDED]
    users = ensure_users(session, tenant, _last_seen(fresh, now), now=now)
    lost = _insert(session, [_row(event, users, products, now) for event in fresh])
    if lost:
        is_lost = [
            outcome is RECORDED and event.event_id in lost for event, outcome in zip(events, outcomes, strict=True)
        ]
        outcomes = [DUPLICATE if gone else outcome for gone, outcome in zip(is_lost, outcomes, strict=True)]
    return outcomes


def _known_events(session: Session, tenant: str, event_ids: Iterable[str]) -> set[str | None]:
    wanted = sorted(event_ids)
    if not wanted:
        return set()
    query = select(INTERACTION.c.event_id).where(INTERACTION.c.tenant == tenant, one_of(INTERACTION.c.event_id, wanted))
    return set(session.connection().execute(query).scalars())


def _erased(session: Session, tenant: str, events: Sequence[Interaction]) -> Gone:
    users = {event.user for event in events if event.user is not None}
    sessions = {event.session for event in events if event.user is None and event.session is not None}
    return among(session, tenant, users=users, sessions=sessions)


def _last_seen(events: Iterable[Interaction], now: datetime) -> dict[str, datetime]:
    seen: dict[str, datetime] = {}
    for event in events:
        if event.user is not None:
            at = min(as_utc(event.at), now)
            seen[event.user] = max(at, seen.get(event.user, at))
    return seen


def _row(event: Interaction, users: dict[str, int], products: dict[str, int], now: datetime) -> dict[str, Any]:
    user_id = None if event.user is None else users[event.user]
    return interaction_row(event, user_id, None if event.product is None else products.get(event.product), now)


def _insert(session: Session, rows: list[dict[str, Any]]) -> set[str]:
    """Write the rows; returns the event ids that another process recorded since we looked."""
    connection = session.connection()
    if not rows:
        return set()
    if connection.dialect.name == "sqlite":  # one writer at a time: nobody came between
        connection.execute(insert(INTERACTION), rows)
        return set()
    # every writer claims event ids in the same order, so none waits for another in a circle
    rows.sort(key=lambda row: row["event_id"] or "")
    statement = postgresql.insert(INTERACTION).on_conflict_do_nothing().returning(INTERACTION.c.event_id)
    written = set(connection.execute(statement, rows).scalars())
    return {row["event_id"] for row in rows if row["event_id"] is not None} - written


def _refused(reason: str) -> EventOutcome:
    return EventOutcome(EventStatus.REFUSED, reason)
