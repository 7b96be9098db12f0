"""All that is kept of somebody, as one JSON document, or as a ZIP of JSON lines where there is much of it.

Hashes of passwords and tokens stay here: they are of no use to anybody but a thief. API keys belong to shops' servers,
not to people. What an anonymous session was shown counts as theirs between the first and the last thing they surely did
in it, because somebody else may have sat at the same screen before or after.
"""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

import orjson
from sqlalchemy import ColumnElement, Select, Table, func, literal, select
from sqlmodel import Session

from config.params import Params
from service.experiments import assign
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
from service.store.small_steps import by_index
from service.store.sql_values import one_of
from service.store.tables import IMPRESSION, INTERACTION, PRODUCT, REFRESH_TOKEN, SEARCH

if TYPE_CHECKING:
    from service.sessions import Sessions

MANY = 10_000
"""Rows from which on an export is a ZIP."""

_PIECE = 1_000
_PARTS = ("events", "impressions", "searches")
_EVENT = ("type", "at", "received_at", "session", "query", "value", "position", "event_id", "request_id")
_SHOWN = ("at", "surface", "shelf", "level", "release", "request_id", "session", "arms", "asked")
_ANONYMOUS = literal(True).label("anonymous")
_SESSIONS_AT_ONCE = 500
_SEARCHED = ("at", "query", "found", "is_narrowed", "request_id", "fallback")


@dataclass(frozen=True, slots=True)
class Exporter:
    """What an export reads from.

    Parameters
    ----------
    sessions : what open visits told; None where that is out of reach.
    """

    database: Database
    params: Params
    sessions: "Sessions | None"

    def write(self, tenant: str, user: str, to: IO[bytes], *, now: datetime, many: int = MANY) -> str:
        """Write everything and return its media type: ``application/json`` or ``application/zip``.

        Parameters
        ----------
        user : external id. many : rows from which on it is a ZIP.

        Raises
        ------
        NotFound : nothing is kept of anybody with this id.
        """
        with self.database.session() as session:
            person = find_person(session, tenant, user)
            about = self._about(session, person, now)
            if _count(session, person) < many:
                parts = {name: list(_rows(session, person, name)) for name in _PARTS}
                to.write(orjson.dumps(about | parts, option=orjson.OPT_INDENT_2))
                return "application/json"
            with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
                counts = {name: _write_lines(archive, name, _rows(session, person, name)) for name in _PARTS}
                archive.writestr("person.json", orjson.dumps(about | {"counts": counts}, option=orjson.OPT_INDENT_2))
        return "application/zip"

    def _about(self, session: Session, person: Person, now: datetime) -> dict[str, Any]:
        return {
            "format": "vitrine-export-1",
            "made_at": now,
            "user": person.id,
            "account": _account(person),
            "sign_ins": _sign_ins(session, person),
            "profile": _profile(person),
            "sessions": self._sessions(person),
            "experiments": self._experiments(session, person, now),
        }

    def _sessions(self, person: Person) -> list[dict[str, Any]]:
        told = {} if self.sessions is None else {n: self.sessions.recall(person.tenant, n) for n in person.sessions}
        return [
            {"id": name, "first_at": first, "last_at": last, "told": asdict(told[name]) if told.get(name) else None}
            for name, (first, last) in sorted(person.sessions.items())
        ]

    def _experiments(self, session: Session, person: Person, now: datetime) -> list[dict[str, Any]]:
        """What they were in when they were shown something, and what they would be in now."""
        visitor = f"{person.tenant}/user:{person.id}"
        current = {
            arm
            for surface in self.params.surfaces
            for arm in assign(self.params, surface, visitor=visitor, now=now.timestamp()).arms.items()
        }
        shown = select(IMPRESSION.c.arms, func.min(IMPRESSION.c.at), func.max(IMPRESSION.c.at))
        rows = session.connection().execute(shown.where(of_user(person)).group_by(IMPRESSION.c.arms))
        spans: dict[tuple[str, str], tuple[datetime, datetime]] = {}
        for arms, first, last in rows:
            for arm in arms.items():
                known = spans.get(arm, (first, last))
                spans[arm] = (min(known[0], first), max(known[1], last))
        return [
            {
                "experiment": arm[0], "variant": arm[1], "first_shown_at": spans[arm][0] if arm in spans else None,
                "last_shown_at": spans[arm][1] if arm in spans else None, "is_current": arm in current,
            }
            for arm in sorted(current | spans.keys())
        ]  # fmt: skip


def _account(person: Person) -> dict[str, Any] | None:
    account = person.account
    if account is None:
        return None
    names = ("email", "name", "role", "created_at", "signed_in_at", "disabled_at")
    return {name: getattr(account, name) for name in names}


def _profile(person: Person) -> dict[str, Any] | None:
    user = person.user
    if user is None:
        return None
    return {
        "created_at": user.created_at, "last_seen_at": user.last_seen_at, "preferences": user.preferences,
        "features": user.features,
    }  # fmt: skip


def _sign_ins(session: Session, person: Person) -> list[dict[str, Any]]:
    """Refresh tokens as far as they say when somebody was signed in."""
    if person.account is None:
        return []
    names = ("made_at", "expires_at", "used_at", "revoked_at")
    query = select(*(REFRESH_TOKEN.c[name] for name in names)).where(REFRESH_TOKEN.c.account_id == person.account.id)
    return [row._asdict() for row in session.connection().execute(query.order_by(REFRESH_TOKEN.c.made_at))]


def _count(session: Session, person: Person) -> int:
    """Rows of all parts, at most."""
    queries = (query for part in _PARTS for query in _queries(person, part))
    counted = (select(func.count()).select_from(query.order_by(None).subquery()) for query in queries)
    return sum(int(session.connection().execute(query).scalar_one()) for query in counted)


def _write_lines(archive: zipfile.ZipFile, name: str, rows: Iterator[dict[str, Any]]) -> int:
    """Write a part as JSON lines; returns how many."""
    count = 0
    with archive.open(f"{name}.jsonl", "w", force_zip64=True) as lines:
        for row in rows:
            lines.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    return count


def _queries(person: Person, part: str) -> Iterator[Select[Any]]:
    if part == "searches":
        yield _of(SEARCH, _SEARCHED, "visitor").where(searches_of(person))
        return
    names = list(person.sessions)
    pieces = [names[start : start + _SESSIONS_AT_ONCE] for start in range(0, len(names), _SESSIONS_AT_ONCE)]
    if part == "impressions":
        yield _of(IMPRESSION, _SHOWN, "slots").where(of_user(person))
        for piece in pieces:
            yield _by_session(IMPRESSION, _SHOWN, "slots").where(of_sessions(person, piece))
        return
    if person.user is not None:
        yield _of(INTERACTION, _EVENT, "product_ref").where(INTERACTION.c.user_id == person.user.id)
    for piece in pieces:
        yield _by_session(INTERACTION, _EVENT, "product_ref").where(events_of_sessions(person, piece))


def _by_session(table: Table, names: tuple[str, ...], also: str) -> Select[Any]:
    return by_index(_of(table, names, also, _ANONYMOUS), table, BY_SESSION[str(table.name)])


def _of(table: Table, names: tuple[str, ...], also: str, *more: ColumnElement[Any]) -> Select[Any]:
    columns = (*(table.c[name] for name in names), table.c[also], *more)
    return select(*columns).order_by(table.c.at, table.c.id)


def _rows(session: Session, person: Person, part: str) -> Iterator[dict[str, Any]]:
    """Rows of a part as they are handed out; streamed, there may be many."""
    for query in _queries(person, part):
        rows = session.connection().execute(query, execution_options={"stream_results": True})
        for piece in rows.partitions(_PIECE):
            found = [row._asdict() for row in piece]
            yield from _worded(session, person, part, [row for row in found if _is_theirs(person, row)])


def _is_theirs(person: Person, row: dict[str, Any]) -> bool:
    """Whether something that names nobody lies between two things that are surely theirs."""
    if not row.pop("anonymous", False):
        return True
    first, last = person.sessions[row["session"]]
    return bool(first <= row["at"] <= last)


def _worded(session: Session, person: Person, part: str, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if part == "events":
        for row in rows:
            product = row.pop("product_ref")
            yield {**row, "product": product}
    elif part == "impressions":
        names = _product_ids(session, {key for row in rows for key in row["slots"]["products"]})
        for row in rows:
            shown = _shown(row.pop("slots"), names)
            yield {**row, "shown": shown}
    else:
        visits = person.visitors
        for row in rows:
            visitor = row.pop("visitor")
            yield {**row, "session": visits.get(visitor)}


def _shown(slots: Mapping[str, Any], names: Mapping[int, str]) -> list[dict[str, Any]]:
    """Products as the merchant calls them; those that are gone by now have no name any more."""
    columns = zip(slots["products"], slots["scores"], slots["sources"], strict=True)
    return [{"product": names.get(key), "score": score, "source": source} for key, score, source in columns]


def _product_ids(session: Session, keys: set[int]) -> dict[int, str]:
    query = select(PRODUCT.c.id, PRODUCT.c.external_id).where(one_of(PRODUCT.c.id, sorted(keys)))
    return {row.id: row.external_id for row in session.connection().execute(query)}
