"""Erase somebody: from the tables, from what waits and is told, from vectors; releases follow.

What happens, in this order; each step is committed by itself, and an erasure that was interrupted is gone on with:

1. *Tombstones*: salted hashes of the user and of the sessions. From then on nothing that comes late is kept: events
   that name the user are refused for ``[privacy] refused_days``, whatever their date, and so is making the user anew;
   what a session did before this moment is refused too, while a visit that goes on begins anew as an anonymous one.
2. The account with its refresh tokens: access tokens are void at once in this process, and in others within
   ``[accounts] trusted_s``.
3. What the sessions did anonymously, what open visits told (memory, Redis), what waits to be written.
4. Searches, impressions and events, a few rows at a time, and then the user.
5. The user's vectors in the collections; in the files of releases at once with a training, else within the hour.

Lists that are counted over all people (popular, suggestions, what others took) are without them from their next count.
What releases learned of everybody together ends with them: the live one with the next training, those kept for a
rollback after ``[privacy] rollback_days``, or with the training that was asked for. The receipt says so.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, Table, delete, func, select

from config.privacy import PrivacyParams
from service.privacy.around import Around
from service.privacy.person import (
    BY_SESSION,
    Person,
    events_of_sessions,
    find_person,
    of_sessions,
    of_user,
    searches_of,
)
from service.store.database import Database
from service.store.erased import Kind, Salt, Tombstone, bury, lock_erased, salt_of
from service.store.erasures import Erasure, add_counts, change_erasure, get_erasure, memberships, new_erasure
from service.store.session_names import session_name
from service.store.small_steps import delete_in_steps
from service.store.tables import ACCOUNT, IMPRESSION, INTERACTION, REFRESH_TOKEN, SEARCH, USERS

log = structlog.get_logger()

_SESSIONS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Eraser:
    """What erasing needs.

    Parameters
    ----------
    wait : between two small steps. now : the clock.
    """

    database: Database
    params: PrivacyParams
    around: Around
    now: Callable[[], datetime]
    wait: Callable[[float], None] = time.sleep

    def erase(self, tenant: str, user: str, *, retrain: bool = False) -> Erasure:
        """Erase somebody and return the receipt; blocks, about a second for ten thousand events.

        Parameters
        ----------
        user : external id. retrain : releases that know them are to end with a training now, which the caller begins.

        Raises
        ------
        NotFound : nothing is kept of anybody with this id. DependencyUnavailable : the database does not answer;
            ask again, and it is gone on with.
        """
        with self.database.session() as session:
            person = find_person(session, tenant, user)
        receipt = self._bury(person)
        with self.database.session() as session:
            met = find_person(session, tenant, user)  # now nothing can be added any more
        if met.sessions.keys() - person.sessions.keys():
            self._bury(met)
        self._close_account(receipt, met)
        self._count(receipt, self.around.forget_visits(met))
        for table, wanted, index in _rows(met):
            gone = delete_in_steps(self.database, table, wanted, index=index, wait=self.wait)
            self._count(receipt, {str(table.name): gone})
        self._count(receipt, self._forget_user(met))
        keys = [] if met.user is None else [met.user.id]
        self._count(receipt, {"vectors": self.around.forget_points(keys)})
        if retrain:
            self._count(receipt, {"vectors_in_files": self.around.forget_files(keys)})
        return self._finish(receipt, retrain=retrain)

    def _bury(self, person: Person) -> str:
        now = self.now()
        with self.database.session() as session:
            lock_erased(session)
            salt = salt_of(session)
            subject = salt.hash(person.tenant, Kind.USER, person.id)
            key = None if person.user is None else person.user.id
            receipt = new_erasure(session, person.tenant, subject, key, now)
            until = now + timedelta(days=self.params.refused_days)
            bury(session, salt, person.tenant, receipt, _tombstones(person, now, until), until)
        return receipt

    def _close_account(self, receipt: str, person: Person) -> None:
        if person.account is None:
            return
        account = person.account.id
        with self.database.session() as session:
            connection = session.connection()
            tokens = connection.execute(delete(REFRESH_TOKEN).where(REFRESH_TOKEN.c.account_id == account)).rowcount
            closed = connection.execute(delete(ACCOUNT).where(ACCOUNT.c.id == account)).rowcount
            add_counts(session, receipt, {"account": closed, "refresh_token": tokens})

    def _forget_user(self, person: Person) -> Mapping[str, int]:
        if person.user is None:
            return {}
        key = person.user.id
        with self.database.session() as session:
            lock_erased(session)
            connection = session.connection()
            rest = connection.execute(delete(INTERACTION).where(INTERACTION.c.user_id == key)).rowcount
            gone = connection.execute(delete(USERS).where(USERS.c.id == key)).rowcount
        return {"interaction": rest, "users": gone}

    def _count(self, receipt: str, counts: Mapping[str, int]) -> None:
        with self.database.session() as session:
            add_counts(session, receipt, counts)

    def _finish(self, receipt: str, *, retrain: bool) -> Erasure:
        now = self.now()
        with self.database.session() as session:
            change_erasure(session, receipt, done_at=now, retrain=retrain)
            erasure = get_erasure(session, None, receipt)
            if not memberships(session, erasure, self.params.rollback_days):
                change_erasure(session, receipt, model_ended_at=now, user_key=None)
                erasure = get_erasure(session, None, receipt)
        log.info("user_erased", receipt=receipt, counts=dict(erasure.counts))
        return erasure


def _tombstones(person: Person, now: datetime, until: datetime) -> Iterator[Tombstone]:
    yield Tombstone(Kind.USER, person.id, until)
    for number, name in person.visitors.items():
        yield Tombstone(Kind.VISITOR, number, until if name is None else now)
    for name in person.sessions:
        yield Tombstone(Kind.SESSION, name, now)
        yield Tombstone(Kind.REDIS, session_name(person.tenant, name), now)


def _rows(person: Person) -> Iterator[tuple[Table, ColumnElement[bool], str | None]]:
    """What is to go; last that by which the rest is found, so that an interruption hides nothing."""
    names = list(person.sessions)
    for piece in _pieces(names):
        yield INTERACTION, events_of_sessions(person, piece), BY_SESSION["interaction"]
        yield IMPRESSION, of_sessions(person, piece), BY_SESSION["impression"]
    yield SEARCH, searches_of(person), None
    yield IMPRESSION, of_user(person), None
    if person.user is not None:
        yield INTERACTION, INTERACTION.c.user_id == person.user.id, None


def _pieces(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _SESSIONS_AT_ONCE):
        yield names[start : start + _SESSIONS_AT_ONCE]


def find_again(database: Database, erasure: Erasure) -> str | None:
    """The id of somebody whose erasure was interrupted; None where nothing is left to find it by."""
    with database.session() as session:
        salt, connection = salt_of(session), session.connection()
        if erasure.user_key is not None:
            known = connection.execute(select(USERS.c.external_id).where(USERS.c.id == erasure.user_key)).scalar()
            return None if known is None else str(known)
        shown = select(func.distinct(IMPRESSION.c.user)).where(
            IMPRESSION.c.tenant == erasure.tenant, IMPRESSION.c.user.is_not(None)
        )  # fmt: skip
        return next((one for one in connection.execute(shown).scalars() if _is(salt, erasure, one)), None)


def _is(salt: Salt, erasure: Erasure, user: str) -> bool:
    return salt.hash(erasure.tenant, Kind.USER, user) == erasure.subject
