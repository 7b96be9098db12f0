"""Deleting many rows without keeping other writers waiting: a little at a time, with room in between."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, delete, func, select
from sqlmodel import Session

from service.store.database import Database
from service.store.sql_values import one_of
from service.store.upsert import lock_for_writing

FIRST, FEWEST, MOST = 200, 20, 2_000  # rows of a step
_FOUND = 10_000  # rows looked for at once, which keeps nobody from writing
_AIM_S = 0.04  # how long a step may hold the writer's lock; a fifth of what is promised, for slower days

Waits = Callable[[float], None]
OnStep = Callable[[int, float], None]


def _untold(_rows: int, _seconds: float) -> None:
    pass


def delete_in_steps(
    database: Database, table: Table, *wanted: ColumnElement[bool], index: str | None = None,
    wait: Waits = time.sleep, on_step: OnStep = _untold,
) -> int:  # fmt: skip
    """Delete the rows of a table with an `id` that meet all conditions; returns how many.

    Each step is a transaction of its own: what is interrupted is begun again where it ended.

    Parameters
    ----------
    index : by which SQLite has to find the rows. wait : between two steps, as long as the last one took.
    on_step : told of each: rows, and seconds the lock was held.
    """
    total, size = 0, FIRST
    query = by_index(select(table.c.id).where(*wanted).limit(_FOUND), table, index)
    while True:
        with database.session() as session:
            found = session.connection().execute(query).scalars().all()
        start = 0
        while start < len(found):
            rows, seconds = _step(database, table, found[start : start + size])
            total += rows
            on_step(rows, seconds)
            start += size
            size = min(MOST, size * 2) if seconds < _AIM_S / 2 else max(FEWEST, size // 2) if seconds > _AIM_S else size
            wait(max(seconds, 0.002))
        if len(found) < _FOUND:
            return total


def _step(database: Database, table: Table, ids: Sequence[int]) -> tuple[int, float]:
    with database.session() as session:
        lock_for_writing(session)
        start = time.monotonic()
        rows = session.connection().execute(delete(table).where(one_of(table.c.id, ids))).rowcount
    return rows, time.monotonic() - start


def by_index(query: Select[Any], table: Table, name: str | None) -> Select[Any]:
    """The same query, by an index of which SQLite does not know that it is the best; PostgreSQL has statistics."""
    return query if name is None else query.with_hint(table, f"INDEXED BY {name}", "sqlite")


def tenants_of(session: Session, table: Table) -> Iterator[str]:
    """The tenants of a table with an index that begins with them; one look into it for each."""
    last = ""
    while (found := session.connection().execute(_next(table, last)).scalar()) is not None:
        last = found
        yield last


def _next(table: Table, last: str) -> Select[Any]:
    return select(func.min(table.c.tenant)).where(table.c.tenant > last)
