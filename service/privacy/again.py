"""Who was erased and is there again, as after an older backup was restored: found by their salted hashes.

The receipts say nothing of whom they are; so every user, session and searcher of the database is hashed, once, and
looked up among them. Only what is from before the end of an erasure counts: who came back later is somebody new.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, func, null, select
from sqlmodel import Session

from service.privacy.erase import Eraser
from service.store.database import Database
from service.store.erased import Kind, Salt, salt_of
from service.store.erasures import Erasure, add_counts, change_erasure
from service.store.event_rows import session_key
from service.store.small_steps import delete_in_steps
from service.store.tables import ERASED, ERASURE, IMPRESSION, INTERACTION, SEARCH, USERS

_PIECE = 5_000


@dataclass(frozen=True, slots=True)
class Back:
    """Somebody who was erased and is there again.

    Attributes
    ----------
    user : external id. key : internal one, None of somebody who was only shown things.
    """

    receipt: str
    tenant: str
    user: str
    key: int | None


@dataclass(frozen=True, slots=True)
class Traces:
    """Rows of an anonymous visit that was erased and is there again.

    Attributes
    ----------
    table : where. wanted : which rows. count : how many.
    """

    receipt: str
    table: Table
    wanted: Sequence[ColumnElement[bool]]
    count: int


@dataclass(frozen=True, slots=True)
class Found:
    """All of them."""

    people: tuple[Back, ...]
    traces: tuple[Traces, ...]

    def __bool__(self) -> bool:
        return bool(self.people or self.traces)

    @property
    def receipts(self) -> list[str]:
        """The receipts that do not hold any more, each once."""
        return sorted({one.receipt for one in self.people} | {one.receipt for one in self.traces})


def find_returned(database: Database) -> Found:
    """Whoever was erased and is there again; reads every user once, and every session where one was erased."""
    with database.session() as session:
        if session.connection().execute(select(ERASURE.c.id).limit(1)).first() is None:
            return Found((), ())
        look = _Look(session, salt_of(session))
        people = tuple(look.people())
        return Found(people, tuple(look.traces()))


def erase_again(eraser: Eraser) -> Found:
    """Erase them all anew, by the receipts they have; returns whom. What is interrupted the hourly task finishes.

    Raises
    ------
    DependencyUnavailable : the database does not answer; ask again.
    """
    found = find_returned(eraser.database)
    for one in found.people:
        with eraser.database.session() as session:
            _reopen(session, one)
        eraser.erase(one.tenant, one.user)
    # an erasure took the sessions along that it knew; what is left was merged with the person after the backup
    for left in find_returned(eraser.database).traces:
        gone = delete_in_steps(eraser.database, left.table, *left.wanted, wait=eraser.wait)
        with eraser.database.session() as session:
            add_counts(session, left.receipt, {str(left.table.name): gone})
    return found


def _reopen(session: Session, one: Back) -> None:
    """Have the erasure go on with its receipt, also for releases, which may know the person again."""
    change_erasure(session, one.receipt, done_at=None, model_ended_at=None, user_key=one.key)


@dataclass(frozen=True, slots=True)
class _Stone:
    receipt: str
    before: datetime


@dataclass(frozen=True, slots=True)
class _Look:
    session: Session
    salt: Salt

    def people(self) -> Iterator[Back]:
        """Users, and those who are only named by what they were shown."""
        last = self._last()
        met: set[tuple[str, str]] = set()
        users = select(USERS.c.tenant, USERS.c.external_id, USERS.c.created_at, USERS.c.id)
        shown = (
            select(IMPRESSION.c.tenant, IMPRESSION.c.user, func.min(IMPRESSION.c.at), null())
            .where(IMPRESSION.c.user.is_not(None))
            .group_by(IMPRESSION.c.tenant, IMPRESSION.c.user)
        )
        for query in (users, shown):
            for tenant, user, at, key in self._rows(query):
                erasure = last.get(self.salt.hash(tenant, Kind.USER, user))
                if erasure is not None and at < (erasure.done_at or erasure.begun_at) and (tenant, user) not in met:
                    met.add((tenant, user))
                    yield Back(erasure.id, tenant, user, key)

    def traces(self) -> Iterator[Traces]:
        """What anonymous sessions did, and what was searched."""
        did, shown, searched = INTERACTION.c, IMPRESSION.c, SEARCH.c
        sessions, visitors = self._stones(Kind.SESSION), self._stones(Kind.VISITOR)
        for table, who, by_name, kind, stones in (
            (INTERACTION, did.session, did.user_id.is_(None), Kind.SESSION, sessions),
            (IMPRESSION, shown.session, shown.user.is_(None), Kind.SESSION, sessions),
            (SEARCH, searched.visitor, searched.visitor.is_not(None), Kind.VISITOR, visitors),
        ):
            if not stones:
                continue
            columns = table.c
            query = select(columns.tenant, who, func.min(columns.at)).where(who.is_not(None), by_name)
            for tenant, value, at in self._rows(query.group_by(columns.tenant, who)):
                stone = stones.get(self.salt.hash(tenant, kind, value))
                if stone is None or at >= stone.before:
                    continue
                wanted = [columns.tenant == tenant, who == value, by_name, columns.at < stone.before]
                if table is INTERACTION:  # by its index
                    wanted.append(columns.session_key == session_key(tenant, value))
                count = self.session.connection().execute(select(func.count()).where(*wanted)).scalar_one()
                yield Traces(stone.receipt, table, wanted, int(count))

    def _last(self) -> Mapping[str, Erasure]:
        """The hash of somebody -> their last erasure."""
        rows = self.session.connection().execute(select(ERASURE).order_by(ERASURE.c.begun_at, ERASURE.c.id))
        return {row.subject: Erasure(**row._mapping) for row in rows}

    def _stones(self, kind: Kind) -> Mapping[str, _Stone]:
        query = (
            select(ERASED.c.hash, ERASED.c.erasure_id, ERASED.c.before, ERASURE.c.done_at)
            .join(ERASURE, ERASURE.c.id == ERASED.c.erasure_id)
            .where(ERASED.c.kind == kind.value)
        )
        rows = self.session.connection().execute(query)
        return {row.hash: _Stone(row.erasure_id, min(row.before, row.done_at or datetime.now(UTC))) for row in rows}

    def _rows(self, query: Select[Any]) -> Iterator[Any]:
        rows = self.session.connection().execute(query, execution_options={"stream_results": True})
        for piece in rows.partitions(_PIECE):
            yield from piece
