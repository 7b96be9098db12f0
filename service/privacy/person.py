"""Finding somebody in the database: the user, the account, and the sessions that are known to be theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlmodel import Session

from service.core.errors import NotFound
from service.store import accounts, users
from service.store.accounts import StoredAccount
from service.store.event_rows import session_key
from service.store.product_rows import is_storable
from service.store.sql_values import one_of
from service.store.tables import ACCOUNT, IMPRESSION, INTERACTION, SEARCH
from service.store.users import StoredUser

Span = tuple[datetime, datetime]
BY_SESSION = {"interaction": "ix_interaction_session", "impression": "ix_impression_session"}
"""Indexes by which what an anonymous session did and saw is found."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, as the database knows them.

    Attributes
    ----------
    user : None for somebody who was only shown things. sessions : their sessions, each with the first and last moment
        at which something in it was surely theirs: done under their name, or merged into it when they signed in.
    """

    tenant: str
    id: str
    user: StoredUser | None
    account: StoredAccount | None
    sessions: Mapping[str, Span]

    @property
    def visitors(self) -> dict[int, str | None]:
        """The numbers that searches know them by, each with its session; None is the user."""
        numbers: dict[int, str | None] = {session_key(self.tenant, f"session:{one}"): one for one in self.sessions}
        return numbers | {session_key(self.tenant, f"user:{self.id}"): None}


def find_person(session: Session, tenant: str, external_id: str) -> Person:
    """Everything by which somebody can be found.

    Raises
    ------
    NotFound : nothing is kept of anybody with this id.
    """
    user = users.find_user(session, tenant, external_id)
    if user is None and not (is_storable(external_id) and _was_met(session, tenant, external_id)):
        raise NotFound(f"nothing is kept of a user with id {external_id[:200]!r}", code="user_not_found")
    account = None if user is None else _account_of(session, user.id)
    return Person(tenant, external_id, user, account, _sessions(session, tenant, external_id, user))


def of_user(person: Person) -> ColumnElement[bool]:
    """Impressions that were made for them by name."""
    return and_(IMPRESSION.c.user == person.id, IMPRESSION.c.tenant == person.tenant)


def of_sessions(person: Person, names: Sequence[str]) -> ColumnElement[bool]:
    """Impressions of some of their sessions that name nobody."""
    columns = IMPRESSION.c
    return and_(one_of(columns.session, names), columns.user.is_(None), columns.tenant == person.tenant)


def events_of_sessions(person: Person, names: Sequence[str]) -> ColumnElement[bool]:
    """Events of some of their sessions that name nobody."""
    columns, keys = INTERACTION.c, [session_key(person.tenant, name) for name in names]
    return and_(columns.user_id.is_(None), one_of(columns.session_key, keys), one_of(columns.session, names))


def searches_of(person: Person) -> ColumnElement[bool]:
    """Searches of the user and of the sessions."""
    return and_(one_of(SEARCH.c.visitor, list(person.visitors)), SEARCH.c.tenant == person.tenant)


def _was_met(session: Session, tenant: str, external_id: str) -> bool:
    shown = exists().where(IMPRESSION.c.user == external_id, IMPRESSION.c.tenant == tenant)
    number = session_key(tenant, f"user:{external_id}")
    searched = exists().where(SEARCH.c.visitor == number, SEARCH.c.tenant == tenant)
    connection = session.connection()
    return bool(connection.execute(select(shown)).scalar() or connection.execute(select(searched)).scalar())


def _account_of(session: Session, user_key: int) -> StoredAccount | None:
    found = session.connection().execute(select(ACCOUNT.c.id).where(ACCOUNT.c.user_id == user_key)).scalar()
    return None if found is None else accounts.find_by_id(session, found)


def _sessions(session: Session, tenant: str, external_id: str, user: StoredUser | None) -> dict[str, Span]:
    shown = IMPRESSION.c
    queries = [
        select(shown.session, func.min(shown.at), func.max(shown.at))
        .where(shown.user == external_id, shown.tenant == tenant, shown.session.is_not(None))
        .group_by(shown.session)
    ]
    if user is not None:
        did = INTERACTION.c
        queries.append(
            select(did.session, func.min(did.at), func.max(did.at))
            .where(did.user_id == user.id, did.session.is_not(None))
            .group_by(did.session)
        )
    found: dict[str, Span] = {}
    for query in queries:
        for name, first, last in session.connection().execute(query):
            known = found.get(name, (first, last))
            found[name] = (min(known[0], first), max(known[1], last))
    return found
