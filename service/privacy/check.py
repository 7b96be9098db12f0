"""Look again, after an erasure, into every place where something of a person could be; the id is not needed for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select
from sqlmodel import Session

from config.privacy import PrivacyParams
from indexer.release.scrub import users_in_collections, users_in_files
from service.core.errors import DependencyUnavailable, RecommenderError
from service.privacy.around import Around
from service.store.database import Database
from service.store.erased import Kind, Salt, buried, salt_of
from service.store.erasures import Erasure, Membership, get_erasure, memberships
from service.store.tables import ACCOUNT, IMPRESSION, INTERACTION, REFRESH_TOKEN, SEARCH, USERS

_PIECE = 5_000


@dataclass(frozen=True, slots=True)
class Left:
    """Something that is still there.

    Attributes
    ----------
    where : a table, ``redis``, or a collection or the files of a release.
    """

    where: str
    count: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look found.

    Attributes
    ----------
    left : nothing may be here once the erasure is done and an hour has passed. releases : those that still know what
        the person did, mixed with what others did. unseen : places that could not be looked into from here.
    """

    erasure: Erasure
    left: tuple[Left, ...]
    releases: tuple[Membership, ...]
    unseen: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """``clean``, ``model`` (only releases are left), ``left``, or ``unfinished`` (it was interrupted)."""
        if self.erasure.done_at is None:
            return "unfinished"
        return "left" if self.left else "model" if self.releases else "clean"


def check_erasure(
    database: Database, around: Around, params: PrivacyParams, tenant: str | None, receipt: str
) -> Checked:
    """Look into every table, Redis, the collections and the files of releases; reads all rows where no index helps.

    Raises
    ------
    NotFound : there is no such receipt. DependencyUnavailable : the database does not answer.
    """
    with database.session() as session:
        erasure = get_erasure(session, tenant, receipt)
        found = dict(_tables(session, erasure))
        releases = memberships(session, erasure, params.rollback_days)
        known = buried(session, erasure.id)
        salt = salt_of(session)
    unseen: list[str] = [] if known[Kind.USER] else ["sessions, whose hashes are forgotten by now"]
    found |= _vectors(around, erasure, unseen)
    found |= _visits(around, erasure, known[Kind.REDIS], salt, unseen)
    left = tuple(Left(where, count) for where, count in sorted(found.items()) if count)
    return Checked(erasure, left, tuple(releases), tuple(unseen))


def _tables(session: Session, erasure: Erasure) -> Iterator[tuple[str, int]]:
    known, end = buried(session, erasure.id), erasure.done_at or erasure.begun_at
    look = _Look(session, salt_of(session), erasure.tenant, end)
    user = {erasure.subject: end}
    sessions, visitors = known[Kind.SESSION], known[Kind.VISITOR]
    users = select(USERS.c.external_id, USERS.c.created_at, literal(1)).where(USERS.c.tenant == erasure.tenant)
    yield "users", look.met(Kind.USER, user, users)
    yield from _by_key(session, erasure.user_key)
    did, shown = INTERACTION.c, IMPRESSION.c
    yield "interaction (sessions)", look.met(Kind.SESSION, sessions, look.rows(did.session, did.user_id.is_(None)))
    yield "impression", look.met(Kind.USER, user, look.rows(shown.user))
    yield "impression (sessions)", look.met(Kind.SESSION, sessions, look.rows(shown.session, shown.user.is_(None)))
    yield "search", look.met(Kind.VISITOR, visitors, look.rows(SEARCH.c.visitor))


@dataclass(frozen=True, slots=True)
class _Look:
    """A look through a tenant's rows from before the end of an erasure."""

    session: Session
    salt: Salt
    tenant: str
    end: datetime

    def rows(self, who: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Select[Any]:
        """Each value of a column, with its first moment and how many rows have it."""
        columns = who.table.c
        wanted = (who.is_not(None), columns.tenant == self.tenant, columns.at < self.end, *conditions)
        return select(who, func.min(columns.at), func.count()).where(*wanted).group_by(who)

    def met(self, kind: Kind, hashes: Mapping[str, datetime], query: Select[Any]) -> int:
        """Rows whose value has one of these hashes, and that are from before what was erased by it."""
        if not hashes:
            return 0
        total = 0
        rows = self.session.connection().execute(query, execution_options={"stream_results": True})
        for piece in rows.partitions(_PIECE):
            for value, at, count in piece:
                before = hashes.get(self.salt.hash(self.tenant, kind, value))
                total += count if before is not None and at < min(before, self.end) else 0
        return total


def _by_key(session: Session, user_key: int | None) -> Iterator[tuple[str, int]]:
    """What hangs on the user's internal key; nothing can where the user is gone, and so this is quick to see."""
    if user_key is None:
        return
    accounts = select(ACCOUNT.c.id).where(ACCOUNT.c.user_id == user_key)
    tokens = select(func.count()).where(REFRESH_TOKEN.c.account_id.in_(accounts))
    for name, query in (
        ("interaction", select(func.count()).where(INTERACTION.c.user_id == user_key)),
        ("account", select(func.count()).where(ACCOUNT.c.user_id == user_key)),
        ("refresh_token", tokens),
    ):
        yield name, int(session.connection().execute(query).scalar_one())


def _vectors(around: Around, erasure: Erasure, unseen: list[str]) -> dict[str, int]:
    if erasure.user_key is None:  # no release knows a user of this key any more
        return {}
    found: dict[str, int] = {}
    try:
        if around.store is None:
            raise DependencyUnavailable("another process has it open")
        found |= {f"collection {name}": n for name, n in users_in_collections(around.store, [erasure.user_key]).items()}
    except RecommenderError:
        unseen.append("vectors")
    if around.releases is not None:
        found |= {f"files of {name}": n for name, n in users_in_files(around.releases, [erasure.user_key]).items()}
    else:
        unseen.append("files of releases")
    return found


def _visits(
    around: Around, erasure: Erasure, names: Mapping[str, datetime], salt: Salt, unseen: list[str]
) -> dict[str, int]:
    if around.sessions is None or not names:
        return {}
    told = around.sessions.told_before(min(names.values()))
    if told is None:
        unseen.append("redis")
        return {}
    return {"redis": sum(salt.hash(erasure.tenant, Kind.REDIS, name) in names for name in told)}
