"""Snapshots in SQL: the newest of each name, for all processes that serve."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from service.store.tables import SNAPSHOT


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """What was computed, and when."""

    name: str
    made_at: datetime
    data: Mapping[str, Any]


def popular_name(tenant: str) -> str:
    """The snapshot that holds a tenant's popular lists."""
    return f"popular:{tenant}"


def exposure_name(tenant: str) -> str:
    """The snapshot of what was shown and clicked lately."""
    return f"exposure:{tenant}"


def kinds_name(tenant: str) -> str:
    """The snapshot of which category each product is in."""
    return f"kinds:{tenant}"


def synonyms_name(tenant: str) -> str:
    """The snapshot of the synonyms a shop has told."""
    return f"synonyms:{tenant}"


def put_snapshot(
    session: Session, name: str, data: Mapping[str, Any], *, now: datetime, unless_newer: bool = False
) -> None:
    """Replace the snapshot of this name.

    Parameters
    ----------
    now : when it was made. unless_newer : leave one that was made later in place.
    """
    connection = session.connection()
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values = {"made_at": now, "data": dict(data)}
    older = SNAPSHOT.c.made_at < now if unless_newer else None
    statement = insert(SNAPSHOT).values(name=name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values, where=older))


def get_snapshot(session: Session, name: str, *, newer_than: datetime | None = None) -> StoredSnapshot | None:
    """The snapshot of this name; None if there is none, or none newer than the one already known."""
    query = select(SNAPSHOT).where(SNAPSHOT.c.name == name)
    if newer_than is not None:
        query = query.where(SNAPSHOT.c.made_at > newer_than)
    row = session.connection().execute(query).first()
    return None if row is None else StoredSnapshot(row.name, row.made_at, row.data)
