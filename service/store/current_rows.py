"""Products as they are right now, for requests that look at hundreds of them: what did not change is not built anew."""

import sqlite3
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Engine, select

from service.store.serving import ServingRow
from service.store.sql_values import one_of_ids
from service.store.tables import PRODUCT

MOST = 100_000  # products kept, some 2 kB each; when there are more, all are forgotten


class CurrentRow(NamedTuple):
    """A product as requests check it and as cards show it.

    Attributes
    ----------
    categories : the path, broad to narrow. made : what others made of exactly this, by their names; it goes with this
        object, which a change replaces.
    """

    row: ServingRow
    name: str
    image: str | None
    original_price_minor: int | None
    link: str | None
    categories: list[str]
    made: dict[str, Any]


_SHOWN = ("name", "image", "original_price_minor", "link", "category")
_COLUMNS = [PRODUCT.c[name] for name in (*ServingRow._fields, *_SHOWN)]
_OWN = len(ServingRow._fields)
_QUERY = select(*_COLUMNS).where(one_of_ids(PRODUCT.c.id), PRODUCT.c.deleted_at.is_(None))


class CurrentRows:
    """Reads products by internal key; on SQLite it remembers them, and asks it whether they are still the same.

    SQLite tells in microseconds whether anything was committed since the last time, by this process or another
    (``PRAGMA data_version``). Where nothing was, rows are as they were; else those wanted are read again, and only
    what differs in any column is taken apart again. PostgreSQL has no such thing and is read every time.
    """

    def __init__(self, engine: Engine, most: int = MOST) -> None:
        self._engine = engine
        self._kept = _Kept(engine, most) if engine.dialect.name == "sqlite" else None

    @property
    def remembers(self) -> bool:
        """Whether rows are kept."""
        return self._kept is not None

    def read(self, tenant: str, ids: Iterable[int]) -> dict[int, CurrentRow]:
        """Products of a tenant in the order of `ids`; missing and deleted ones are left out."""
        wanted = list(ids)
        found = self._found(wanted)
        return {
            product: row for product in wanted if (row := found.get(product)) is not None and row.row.tenant == tenant
        }

    def close(self) -> None:
        """Let go of the file; closing twice is fine."""
        if self._kept is not None:
            self._kept.close()

    def _found(self, ids: Sequence[int]) -> "dict[int, CurrentRow | None]":
        if self._kept is not None:
            try:
                return self._kept.read(ids)
            except sqlite3.Error:  # whatever it is, reading as all others do says it in words
                self._kept.close()
        with self._engine.connect() as connection:
            return {row[0]: _current(row) for row in connection.execute(_QUERY, {"ids": ids})}


class _Kept:
    """The rows of an SQLite file, read by a connection of its own: the version that it tells is one of a connection.

    Attributes
    ----------
    _raw : product -> what SQLite said of it, and that taken apart. _fresh : those known to be so as of `_version`.
    """

    def __init__(self, engine: Engine, most: int) -> None:
        self._engine = engine
        self._most = most
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None
        self._version = -1
        self._fresh: dict[int, CurrentRow | None] = {}
        self._raw: dict[int, tuple[tuple[Any, ...], CurrentRow]] = {}
        self._sql = str(_QUERY.compile(dialect=engine.dialect))
        self._readers = [column.type.dialect_impl(engine.dialect).result_processor(engine.dialect, None)
                         for column in _COLUMNS]  # fmt: skip

    def read(self, ids: Sequence[int]) -> dict[int, CurrentRow | None]:
        """Of each product what it is, None where there is none; others may be among them."""
        with self._lock:
            connection = self._connection = self._connection or self._connect()
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                # a commit after this look makes the next one differ, so what is read from here on is never too old
                self._version, self._fresh = version, {}
            fresh = self._fresh
            if missing := [product for product in ids if product not in fresh]:
                self._refresh(connection, missing)
            return fresh

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection, self._version = None, -1

    def _refresh(self, connection: sqlite3.Connection, ids: Sequence[int]) -> None:
        if len(self._raw) > self._most:
            self._raw = {}
        raw = self._raw
        found: dict[int, CurrentRow | None] = dict.fromkeys(ids)
        for said in connection.execute(self._sql, (orjson.dumps(ids).decode(),)).fetchall():
            known = raw.get(said[0])
            if known is None or known[0] != said:
                known = raw[said[0]] = said, _current(self._understood(said))
            found[said[0]] = known[1]
        self._fresh.update(found)

    def _understood(self, said: Sequence[Any]) -> Sequence[Any]:
        return [value if read is None else read(value) for value, read in zip(said, self._readers, strict=True)]

    def _connect(self) -> sqlite3.Connection:
        pooled = self._engine.raw_connection()
        connection = pooled.driver_connection
        pooled.detach()  # ours from now on
        if not isinstance(connection, sqlite3.Connection):
            raise TypeError(f"expected a connection of sqlite3, got {type(connection).__name__}")
        return connection


def _current(values: Sequence[Any]) -> CurrentRow:
    return CurrentRow._make((ServingRow._make(values[:_OWN]), *values[_OWN:], {}))
