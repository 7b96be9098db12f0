"""Users: who they are to the merchant, what they told on arrival, and when they were last seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from service.core.errors import InvalidQuery, NotFound
from service.store.erased import refuse_erased
from service.store.product_rows import is_storable
from service.store.sql_values import one_of
from service.store.tables import USERS
from service.store.upsert import lock_for_writing

MAX_ID = 128
_SEEN_STEP = timedelta(hours=1)  # a user is written once an hour, not once per event
_WITH_ID = select(USERS).where(USERS.c.tenant == bindparam("tenant"), USERS.c.external_id == bindparam("external_id"))


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A user with the internal key.

    Attributes
    ----------
    preferences : told on arrival: categories, brands, price range. features : what training may know.
    last_seen_at : at most an hour behind the newest interaction; None without any.
    """

    id: int
    tenant: str
    external_id: str
    created_at: datetime
    last_seen_at: datetime | None
    preferences: Mapping[str, Any]
    features: Mapping[str, Any]


def check_user_id(external_id: str) -> None:
    """Refuse an id the database cannot hold.

    Raises
    ------
    InvalidQuery : it is empty, too long, or holds a NUL byte or half a surrogate pair.
    """
    if not 1 <= len(external_id) <= MAX_ID or not is_storable(external_id):
        raise InvalidQuery(
            f"a user id must have 1 to {MAX_ID} characters and no NUL, got {external_id[:200]!a}", code="invalid_user"
        )


def find_user(session: Session, tenant: str, external_id: str) -> StoredUser | None:
    """The user with this id, if known."""
    if not is_storable(external_id):
        return None
    row = session.connection().execute(_WITH_ID, {"tenant": tenant, "external_id": external_id}).first()
    return None if row is None else StoredUser(**row._mapping)


def get_user(session: Session, tenant: str, external_id: str) -> StoredUser:
    """The user with this id.

    Raises
    ------
    NotFound : there is none.
    """
    user = find_user(session, tenant, external_id)
    if user is None:
        raise NotFound(f"there is no user with id {external_id[:200]!r}", code="user_not_found")
    return user


def user_ids(session: Session, tenant: str, external_ids: Iterable[str]) -> dict[str, int]:
    """Internal keys by the merchant's ids; unknown ones are left out."""
    wanted = [name for name in external_ids if is_storable(name)]
    query = select(USERS.c.external_id, USERS.c.id).where(USERS.c.tenant == tenant, one_of(USERS.c.external_id, wanted))
    return {row.external_id: row.id for row in session.connection().execute(query)}


def external_user_ids(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """The merchant's ids by internal key; unknown ones are left out."""
    query = select(USERS.c.id, USERS.c.external_id).where(one_of(USERS.c.id, ids))
    return {row.id: row.external_id for row in session.connection().execute(query)}


def user_features(session: Session, tenant: str) -> dict[int, Mapping[str, Any]]:
    """What training may know about users, by internal key; users without features are left out."""
    query = select(USERS.c.id, USERS.c.features).where(USERS.c.tenant == tenant)
    return {row.id: row.features for row in session.connection().execute(query) if row.features}


def put_user(
    session: Session,
    tenant: str,
    external_id: str,
    *,
    preferences: Mapping[str, Any] | None = None,
    features: Mapping[str, Any] | None = None,
    now: datetime,
) -> StoredUser:
    """Make a user, or replace what is known about one; None leaves preferences or features as they are.

    Raises
    ------
    InvalidQuery : an id the database cannot hold. Conflict : whoever had it was erased.
    """
    check_user_id(external_id)
    lock_for_writing(session)
    found = _made(session, tenant, [external_id], now)
    known = {"preferences": preferences, "features": features}
    changes = {name: dict(value) for name, value in known.items() if value is not None}
    if changes:
        session.connection().execute(update(USERS).where(USERS.c.id == found[external_id][0]).values(**changes))
    return get_user(session, tenant, external_id)


def ensure_users(session: Session, tenant: str, seen: Mapping[str, datetime], *, now: datetime) -> dict[str, int]:
    """Make users that are not known yet, and note when they were seen.

    Parameters
    ----------
    seen : external id -> when; an earlier moment than the one stored changes nothing.

    Returns
    -------
    dict : external id -> internal key, for all of them.
    """
    found = _made(session, tenant, list(seen), now)
    overdue: list[dict[str, Any]] = [
        {"row_id": found[name][0], "moment": moment}
        for name, moment in seen.items()
        if (last := found[name][1]) is None or moment - last >= _SEEN_STEP
    ]
    if overdue:
        # every writer goes through the rows in the same order, so none waits for another in a circle
        statement = update(USERS).where(USERS.c.id == bindparam("row_id")).values(last_seen_at=bindparam("moment"))
        session.connection().execute(statement, sorted(overdue, key=itemgetter("row_id")))
    return {name: key for name, (key, _) in found.items()}


_State = tuple[int, datetime | None]


def _made(session: Session, tenant: str, names: Sequence[str], now: datetime) -> dict[str, _State]:
    found = _states(session, tenant, names)
    new = sorted(set(names) - set(found))
    if not new:
        return found
    refuse_erased(session, tenant, new, now)
    connection = session.connection()
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    fixed = {"tenant": tenant, "created_at": now, "last_seen_at": None, "preferences": {}, "features": {}}
    # another process may have made the same user since we looked: one of us wins, and both find the row
    connection.execute(insert(USERS).on_conflict_do_nothing(), [fixed | {"external_id": name} for name in new])
    return found | _states(session, tenant, new)


def _states(session: Session, tenant: str, names: Sequence[str]) -> dict[str, _State]:
    if not names:
        return {}
    query = (
        select(USERS.c.external_id, USERS.c.id, USERS.c.last_seen_at)
        .where(USERS.c.tenant == tenant, one_of(USERS.c.external_id, names))
        .order_by(USERS.c.id)
        .with_for_update(read=True, key_share=True)  # nobody deletes a user between here and the interactions
    )
    return {row[0]: (row[1], row[2]) for row in session.connection().execute(query)}
