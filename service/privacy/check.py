"""Look again, after an erasure, into every place where something of a person could be; the id is not needed for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, literal, select
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
    salt, known, tenant = salt_of(session), buried(session, erasure.id), erasure.tenant
    end = erasure.done_at or erasure.begun_at
    user = {erasure.subject: end}

    def met(kind: Kind, hashes: Mapping[str, datetime], query: Select[Any]) -> int:
        rows = session.connection().execution_options(stream_results=True).execute(query)
        total = 0
        for piece in rows.partitions(_PIECE):
            for value, at, count in piece:
                before = hashes.get(salt.hash(tenant, kind, value))
                total += count if before is not None and at < min(before, end) else 0
        return total

    users = select(USERS.c.external_id, USERS.c.created_at, literal(1)).where(USERS.c.tenant == tenant)
    yield "users", met(Kind.USER, user, users)
    yield from _by_key(session, erasure.user_key)
    did, shown, searched = INTERACTION.c, IMPRESSION.c, SEARCH.c
    anonymous = (did.user_id.is_(None), did.session.is_not(None), did.tenant == tenant, did.at < end)
    events = select(did.session, func.min(did.at), func.count()).where(*anonymous).group_by(did.session)
    yield "interaction (sessions)", met(Kind.SESSION, known[Kind.SESSION], events) if known[Kind.SESSION] else 0
    named = (shown.user.is_not(None), shown.tenant == tenant, shown.at < end)
    yield (
        "impression",
        met(Kind.USER, user, select(shown.user, func.min(shown.at), func.count()).where(*named).group_by(shown.user)),
    )
    nameless = (shown.user.is_(None), shown.session.is_not(None), shown.tenant == tenant, shown.at < end)
    by_session = select(shown.session, func.min(shown.at), func.count()).where(*nameless).group_by(shown.session)
    yield "impression (sessions)", met(Kind.SESSION, known[Kind.SESSION], by_session) if known[Kind.SESSION] else 0
    theirs = (searched.visitor.is_not(None), searched.tenant == tenant, searched.at < end)
    by_visitor = select(searched.visitor, func.min(searched.at), func.count()).where(*theirs)
    visitors = known[Kind.VISITOR]
    yield "search", met(Kind.VISITOR, visitors, by_visitor.group_by(searched.visitor)) if visitors else 0


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
