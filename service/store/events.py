"""What users did, in SQL: everything about it under one name.

Every function works inside the session it is given and commits nothing: that is `Database.session`'s part.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session

from service.core.behaviour import History
from service.store.event_rows import INTERACTION_COLUMNS, StoredInteraction, to_interaction
from service.store.history import history
from service.store.record import EventOutcome, EventStatus, UnknownProducts, record_events
from service.store.tables import INTERACTION
from service.store.users import get_user

__all__ = [
    "EventOutcome", "EventStatus", "History", "StoredInteraction", "UnknownProducts", "history", "merge_session",
    "record_events", "resolve_products", "user_events",
]  # fmt: skip

_I = INTERACTION.c


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
    """
    raise NotImplementedError


def resolve_products(session: Session, tenant: str) -> int:
    """Find the products of interactions that were kept without one, or whose product was dropped and came back.

    Returns
    -------
    int : interactions that know their product now.
    """
    raise NotImplementedError
