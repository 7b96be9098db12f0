"""What users did, in SQL: everything about it under one name.

Every function works inside the session it is given and commits nothing: that is `Database.session`'s part.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, exists, or_, select, update
from sqlmodel import Session

from service.core.behaviour import History
from service.core.types import EventType
from service.store.event_rows import INTERACTION_COLUMNS, StoredInteraction, session_key, to_interaction
from service.store.history import history
from service.store.product_rows import is_storable
from service.store.record import EventOutcome, EventStatus, UnknownProducts, record_events
from service.store.tables import INTERACTION, PRODUCT
from service.store.upsert import lock_for_writing
from service.store.users import check_user_id, ensure_users, get_user

__all__ = [
    "EventOutcome", "EventStatus", "History", "StoredInteraction", "UnknownProducts", "history", "merge_session",
    "recent_queries", "record_events", "resolve_products", "user_events",
]  # fmt: skip

_I = INTERACTION.c
_LOOKED_AT = 100_000  # interactions among which the newest searches are looked for


def user_events(
    session: Session, tenant: str, user: str, *, days: float, limit: int, now: datetime
) -> list[StoredInteraction]:
    """What a user did in the last days, newest first.

    Raises
    ------
    NotFound : there is no such user.
    """
    known = get_user(session, tenant, user)
    query = (
        select(*INTERACTION_COLUMNS)
        .where(_I.user_id == known.id, _I.at >= now - timedelta(days=days))
        .order_by(_I.at.desc(), _I.id.desc())
        .limit(limit)
    )
    return [to_interaction(row, tenant, user) for row in session.connection().execute(query)]


def merge_session(session: Session, tenant: str, user: str, session_id: str) -> int:
    """Make what an anonymous session did the user's own, on sign-in; an unknown user is made.

    Returns
    -------
    int : interactions that changed hands; those of the session that belong to some user already stay there.

    Raises
    ------
    InvalidQuery : a user id the database cannot hold. Conflict : whoever had it was erased.
    """
    check_user_id(user)
    if not is_storable(session_id):
        return 0
    lock_for_writing(session)
    now = datetime.now(UTC)
    user_id = ensure_users(session, tenant, {user: now}, now=now)[user]
    is_of_session = and_(
        _I.user_id.is_(None),
        _I.session_key == session_key(tenant, session_id),
        _I.session == session_id,
    )
    return session.connection().execute(update(INTERACTION).where(is_of_session).values(user_id=user_id)).rowcount


def resolve_products(session: Session, tenant: str) -> int:
    """Find the products of interactions that were kept without one, or whose product was dropped and came back.

    Returns
    -------
    int : interactions that know their product now.
    """
    lock_for_writing(session)
    # the tenant is asked for so that SQLite reads the table in its own order, not row by row through an index
    has_none = or_(_I.product_id.is_(None), ~exists().where(PRODUCT.c.id == _I.product_id))
    found = (
        select(PRODUCT.c.id)
        .where(PRODUCT.c.tenant == tenant, PRODUCT.c.external_id == _I.product_ref, PRODUCT.c.deleted_at.is_(None))
        .correlate(INTERACTION)
        .scalar_subquery()
    )
    statement = (
        update(INTERACTION)
        .where(_I.tenant + "" == tenant, _I.product_ref.is_not(None), has_none, found.is_not(None))
        .values(product_id=found)
    )
    return session.connection().execute(statement).rowcount


def recent_queries(session: Session, tenant: str, *, limit: int) -> list[str]:
    """What was searched for lately, newest first, without repeats; looks at the newest interactions only."""
    newest = select(_I.type, _I.query).where(_I.tenant == tenant).order_by(_I.at.desc()).limit(_LOOKED_AT).subquery()
    query = select(newest.c.query).where(newest.c.type == EventType.SEARCH, newest.c.query.is_not(None))
    return list(dict.fromkeys(session.connection().execute(query).scalars()))[:limit]
