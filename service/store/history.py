"""The recent past of one user or session, read as cheaply as possible: every personal answer begins here."""

from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, bindparam, literal_column, select, union_all
from sqlmodel import Session

from service.core.behaviour import TYPE_CODES, History, no_history
from service.store.column_types import epoch_s
from service.store.event_rows import session_key
from service.store.product_rows import is_storable
from service.store.tables import INTERACTION, USERS

_I = INTERACTION.c
_USER_ID = select(USERS.c.id).where(
    USERS.c.tenant == bindparam("tenant"), USERS.c.external_id == bindparam("external_id")
)
_OF_USER = _I.user_id == bindparam("user_id")
_OF_SESSION = (
    _I.user_id.is_(None),
    _I.session_key == bindparam("session_key"),
    _I.session == bindparam("session"),  # the tenant is in the key; asked for here, SQLite would take its index instead
)
_NEWEST = (_I.at.desc(), _I.id.desc())
_WHAT = (_I.product_id, _I.type, epoch_s(_I.at).label("at"), _I.value, _I.query, _I.id)
_USERS_PAST = select(*_WHAT).where(_OF_USER).order_by(*_NEWEST).limit(bindparam("limit"))
_SESSIONS_PAST = select(*_WHAT).where(*_OF_SESSION).order_by(*_NEWEST).limit(bindparam("limit"))
_PAST = union_all(select(_USERS_PAST.subquery("u")), select(_SESSIONS_PAST.subquery("s")))
_HIDING: ColumnElement[bool] = literal_column(
    "type = 'hide'"
)  # as text: the index of these few rows is used for no parameter
_HIDDEN = union_all(select(_I.product_id).where(_OF_USER, _HIDING), select(_I.product_id).where(*_OF_SESSION, _HIDING))


def history(session: Session, tenant: str, *, user: str | None, session_id: str | None, limit: int) -> History:
    """The last interactions of a user, and of this session while it was anonymous.

    Parameters
    ----------
    user, session_id : external ids; either, both or none may be given, and unknown ones have no past.
    limit : interactions at most, >= 0; searches count.

    Notes
    -----
    Three statements.
    """
    user_id = _user_id(session, tenant, user)
    anonymous = session_id if session_id is not None and is_storable(session_id) else None
    if user_id is None and anonymous is None:
        return no_history()
    key = None if anonymous is None else session_key(tenant, anonymous)
    who = {"user_id": user_id, "session": anonymous, "session_key": key}
    connection = session.connection()
    rows = connection.execute(_PAST, who | {"limit": limit}).all()
    hidden = frozenset(connection.execute(_HIDDEN, who).scalars()) - {None}
    if user_id is not None and anonymous is not None:
        rows = sorted(rows, key=lambda row: (row.at, row.id), reverse=True)[:limit]
    return _columns(user_id, rows, hidden)


def _user_id(session: Session, tenant: str, user: str | None) -> int | None:
    if user is None or not is_storable(user):
        return None
    return session.connection().execute(_USER_ID, {"tenant": tenant, "external_id": user}).scalar()


def _columns(user_id: int | None, rows: Any, hidden: frozenset[int]) -> History:
    with_product = [row for row in rows if row[0] is not None]
    return History(
        user_id,
        products=np.array([row[0] for row in with_product], np.int64),
        types=np.array([TYPE_CODES[row[1]] for row in with_product], np.uint8),
        at=np.array([row[2] for row in with_product], np.float64),
        values=np.array([row[3] for row in with_product], np.float32),  # None becomes NaN
        searches=tuple(dict.fromkeys(row[4] for row in rows if row[4] is not None)),
        hidden=hidden,
        newest=float(rows[0].at) if len(rows) else None,
    )
