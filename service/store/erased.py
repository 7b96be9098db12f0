"""Who was erased: nothing of them that comes late is kept. Only salted hashes say of whom.

The salt is a row of the same database, so that all processes, backups and copies agree on it. It keeps tables of known
hashes from being of use; who holds the whole database can try ids one by one, as he could on any hash of short ids.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from sqlalchemy import delete, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from service.core.errors import Conflict
from service.store.snapshots import get_snapshot
from service.store.sql_values import one_of
from service.store.tables import ERASED, SNAPSHOT
from service.store.upsert import lock_for_writing

SALT = "privacy-salt"
"""The snapshot that holds the salt."""
_LOCK = 5_471_902_663_185_307  # any number: the name of PostgreSQL's advisory lock for who is erased
_E = ERASED.c


class Kind(StrEnum):
    """What a hash is of: a user's id, a session's, the number that searches know either by, or its name in Redis."""

    USER = "user"
    SESSION = "session"
    VISITOR = "visitor"
    REDIS = "redis"


@dataclass(frozen=True, slots=True)
class Salt:
    """What hashes are made with."""

    secret: bytes = field(repr=False)

    def hash(self, tenant: str, kind: Kind, value: str | int) -> str:
        """The same for the same value, and of no use without the salt.

        Examples
        --------
        >>> salt = Salt(b"salt")
        >>> salt.hash("default", Kind.USER, "ann") == salt.hash("default", Kind.SESSION, "ann")
        False
        """
        named = f"{kind}\0{len(tenant)}\0{tenant}\0{value}".encode(errors="surrogatepass")
        return blake2b(named, digest_size=16, key=self.secret).hexdigest()


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is known of somebody who was erased: what is of a moment before `before` is not kept."""

    kind: Kind
    value: str | int
    before: datetime


@dataclass(frozen=True, slots=True)
class Gone:
    """Those among some people who were erased, each with the moment before which nothing of them is kept."""

    users: Mapping[str, datetime] = field(default_factory=dict)
    sessions: Mapping[str, datetime] = field(default_factory=dict)
    visitors: Mapping[int, datetime] = field(default_factory=dict)

    def takes(self, user: str | None, session: str | None, at: datetime, now: datetime) -> bool:
        """Whether something that somebody did may be kept.

        Parameters
        ----------
        at : when they did it: a session that goes on after the erasure is a new one. now : the time it is; whoever was
            erased by name stays erased until a moment that is set, whatever the date of what comes.
        """
        if user is not None:
            return user not in self.users or now >= self.users[user]
        return session is None or session not in self.sessions or at >= self.sessions[session]


def salt_of(session: Session) -> Salt:
    """The salt of this database; made if there is none."""
    found = get_snapshot(session, SALT)
    if found is None:
        connection = session.connection()
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        row = {"name": SALT, "made_at": datetime(1970, 1, 1, tzinfo=UTC), "data": {"salt": secrets.token_hex(32)}}
        connection.execute(insert(SNAPSHOT).values(row).on_conflict_do_nothing())
        found = get_snapshot(session, SALT)
    if found is None:
        raise Conflict("the salt of erasures is gone", code="no_salt")
    return Salt(bytes.fromhex(found.data["salt"]))


def lock_erased(session: Session) -> None:
    """Wait for whoever writes something of people at this moment, and let nobody begin to; a transaction's first step.

    What is buried before it ends is so for everybody who writes later, and what was written earlier can be seen: nobody
    falls between, see `among`.
    """
    if session.get_bind().dialect.name == "sqlite":
        lock_for_writing(session)
    else:
        session.connection().execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


def bury(
    session: Session, salt: Salt, tenant: str, erasure_id: str, stones: Iterable[Tombstone], until: datetime
) -> None:
    """From the end of this transaction on keep nothing of these; it has to have begun with `lock_erased`."""
    rows = [
        {
            "hash": salt.hash(tenant, stone.kind, stone.value), "erasure_id": erasure_id, "kind": stone.kind.value,
            "before": stone.before, "until": until,
        }
        for stone in stones
    ]  # fmt: skip
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(ERASED)
    taken = {name: statement.excluded[name] for name in ("erasure_id", "before", "until")}
    for start in range(0, len(rows), 1000):
        session.connection().execute(
            statement.on_conflict_do_update(index_elements=["hash"], set_=taken), rows[start : start + 1000]
        )


def among(
    session: Session, tenant: str, *, users: Iterable[str] = (), sessions: Iterable[str] = (),
    visitors: Iterable[int] = (),
) -> Gone:  # fmt: skip
    """Who of these was erased; until the transaction ends nobody else is.

    On SQLite the transaction has to have begun as a writer, see `lock_for_writing`.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.connection().execute(text(f"SELECT pg_advisory_xact_lock_shared({_LOCK})"))
    if session.connection().execute(select(_E.hash).limit(1)).first() is None:
        return Gone()
    salt = salt_of(session)
    return Gone(
        _found(session, salt, tenant, Kind.USER, list(users)),
        _found(session, salt, tenant, Kind.SESSION, list(sessions)),
        _found(session, salt, tenant, Kind.VISITOR, list(visitors)),
    )


def refuse_erased(session: Session, tenant: str, users: Sequence[str], now: datetime) -> None:
    """See that nobody is made anew who was erased.

    Raises
    ------
    Conflict : with code ``user_erased``.
    """
    gone = among(session, tenant, users=users)
    late = [until for until in gone.users.values() if now < until]
    if late:
        raise Conflict(
            f"the user with this id was erased; nothing is kept under it until {late[0]:%Y-%m-%d %H:%M} UTC, "
            "see [privacy] refused_days; give who comes back another id",
            code="user_erased",
        )


def buried(session: Session, erasure_id: str) -> dict[Kind, dict[str, datetime]]:
    """What is remembered of an erasure: kind -> hash -> the moment before which nothing is kept."""
    found: dict[Kind, dict[str, datetime]] = {kind: {} for kind in Kind}
    for row in session.connection().execute(select(_E.kind, _E.hash, _E.before).where(_E.erasure_id == erasure_id)):
        found[Kind(row.kind)][row.hash] = row.before
    return found


def forget_tombstones(session: Session, now: datetime) -> int:
    """Delete those whose time is over; returns how many."""
    return session.connection().execute(delete(ERASED).where(_E.until <= now)).rowcount


def _found(session: Session, salt: Salt, tenant: str, kind: Kind, values: Sequence[Any]) -> dict[Any, datetime]:
    if not values:
        return {}
    hashes = {salt.hash(tenant, kind, value): value for value in values}
    rows = session.connection().execute(select(_E.hash, _E.before).where(one_of(_E.hash, list(hashes))))
    return {hashes[row.hash]: row.before for row in rows}
