"""What was searched for, and what was taken after it.

Two logs tell of searches: the service's own of those it answered (`SearchRow`), and the ``search`` events that a shop
sends. Where a shop has both they tell of the same searches, so they are counted apart and the larger count is believed.

An event was *taken after a query* if it carries the request_id of a search that was answered, or else the query itself;
guesses by time are not made. Views count as well as clicks: with one of the two they are the same thing.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    delete,
    false,
    func,
    insert,
    null,
    or_,
    select,
)
from sqlmodel import Session

from service.core.searched import Searched
from service.core.types import EventType
from service.store.column_types import epoch_s
from service.store.erased import among
from service.store.tables import INTERACTION, SEARCH
from service.store.upsert import lock_for_writing

TAKEN = (EventType.VIEW, EventType.CLICK, EventType.WISHLIST, EventType.CART, EventType.PURCHASE)
"""Events that say a product was taken from a list."""

TYPING_S = 5.0
"""A search that the same visitor lengthens so soon was still being typed."""

VISIT_S = 1800.0
"""The same words of the same visitor within this are one search: pages, filters and the way back repeat the request."""

_I, _S = INTERACTION.c, SEARCH.c


def write_searches(session: Session, searches: Sequence[Searched]) -> None:
    """Keep them, as many as there are in one statement; those of somebody who was erased are let go."""
    if searches:
        lock_for_writing(session)
    kept = [each for tenant in sorted({one.tenant for one in searches}) for each in _kept(session, tenant, searches)]
    if kept:
        session.connection().execute(insert(SEARCH), [asdict(each) for each in kept])


def _kept(session: Session, tenant: str, searches: Sequence[Searched]) -> list[Searched]:
    """Those of a tenant that may be kept."""
    theirs = [one for one in searches if one.tenant == tenant]
    gone = among(session, tenant, visitors={one.visitor for one in theirs if one.visitor is not None}).visitors
    return [one for one in theirs if one.visitor is None or one.visitor not in gone or one.at >= gone[one.visitor]]


def forget_searches(session: Session, *, before: datetime) -> int:
    """Delete what was searched for until then, of all tenants; returns how many that were."""
    return session.connection().execute(delete(SEARCH).where(_S.at < before)).rowcount


def person() -> ColumnElement[Any]:
    """A number for who an event is of: the user, or else the session, which is below 0."""
    return case((_I.user_id.is_not(None), _I.user_id), else_=-_I.session_key)


def query_of_event() -> ColumnElement[Any]:
    """The query an event carries, as nearly `normalised` as SQL can."""
    return func.lower(func.trim(_I.query))


def answered(tenant: str, since: datetime) -> Subquery:
    """The service's own log since then, a row per search, with what the same visitor searched for next."""
    rows = select(
        _S.query, _S.visitor, epoch_s(_S.at).label("at"), _S.id, _S.found, _S.is_narrowed, _S.request_id
    ).where(_S.tenant == tenant, _S.at >= since)  # fmt: skip
    return _in_turn(rows.subquery("answered"))


def told(tenant: str, since: datetime) -> Subquery:
    """The same of the shop's own ``search`` events; whether anything was found they do not say."""
    rows = select(
        query_of_event().label("query"), person().label("visitor"), epoch_s(_I.at).label("at"), _I.id,
        cast(null(), Integer).label("found"), false().label("is_narrowed"), _I.request_id,
    ).where(
        _I.tenant == tenant, _I.at >= since, _I.type == EventType.SEARCH.value, _I.query.is_not(None)
    )  # fmt: skip
    return _in_turn(rows.subquery("told"))


def _in_turn(rows: Subquery) -> Subquery:
    r = rows.c
    in_turn: dict[str, Any] = {"partition_by": r.visitor, "order_by": (r.at, r.id)}
    same: dict[str, Any] = {"partition_by": (r.visitor, r.query), "order_by": (r.at, r.id)}
    turns = select(
        *r,
        func.lead(r.query).over(**in_turn).label("next_query"),
        func.lead(r.at).over(**in_turn).label("next_at"),
        func.lead(r.request_id).over(**in_turn).label("next_request"),
        func.lag(r.at).over(**same).label("before"),
    ).subquery()
    t = turns.c
    longer = and_(t.next_query != t.query, func.substr(t.next_query, 1, func.length(t.query)) == t.query)
    is_typed_on = and_(t.visitor.is_not(None), longer, t.next_at - t.at <= TYPING_S)
    is_repeat = and_(t.visitor.is_not(None), t.before.is_not(None), t.at - t.before < VISIT_S)
    wanted = or_(is_typed_on.is_(None), ~is_typed_on)
    return select(*t, func.coalesce(is_repeat, false()).label("is_repeat")).where(wanted).subquery()


def taken(tenant: str, since: datetime) -> Select[Any]:
    """Events since then that took a product after a query: ``query, product_id, person, type, request_id``."""
    own = (
        select(_S.request_id, func.min(_S.query).label("query"))
        .where(_S.tenant == tenant, _S.at >= since)
        .group_by(_S.request_id)
        .subquery("own")
    )
    query = func.coalesce(own.c.query, query_of_event())
    return (
        select(query.label("query"), _I.product_id, person().label("person"), _I.type, _I.request_id)
        .outerjoin(own, own.c.request_id == _I.request_id)
        .where(
            _I.tenant == tenant,
            _I.at >= since,
            _I.type.in_([kind.value for kind in TAKEN]),
            _I.product_id.is_not(None),
            or_(own.c.query.is_not(None), _I.query.is_not(None)),
        )
    )
