"""Rows for every table as any engine must keep them: other scripts, NULLs, huge numbers, microseconds, nested JSON."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, inspect

from service.backup.rows import all_tables
from service.store.column_types import Json, Key, PlainText, UtcTime

MOMENT = datetime(2025, 1, 31, 23, 59, 59, 999_999, UTC)
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def in_memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is room: engines sync each write to disk, which is most of a test's time."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or shutil.disk_usage(memory).free < 2**30:
        yield tmp_path_factory.mktemp("memory")
        return
    with tempfile.TemporaryDirectory(prefix="backup-", dir=memory) as made:
        yield Path(made)


@pytest.fixture
def folder(in_memory: Path) -> Path:
    """A new one of these for each test."""
    return Path(tempfile.mkdtemp(dir=in_memory))


@pytest.fixture(scope="session")
def stored_rows() -> Callable[[Connection], Rows]:
    """Every row of every table that is there, as values of Python and with those columns that are there."""

    def read(connection: Connection) -> Rows:
        there = {table: _columns(connection, table) for table in all_tables() if _is_there(connection, table)}
        return {
            str(table.name): [
                dict(row._mapping)
                for row in connection.execute(table.select().with_only_columns(*columns).order_by(*table.primary_key))
            ]
            for table, columns in there.items()
        }

    return read


@pytest.fixture(scope="session")
def fill() -> Callable[..., None]:
    """Put `count` rows into every table that is there, whatever schema the database has."""

    def put(connection: Connection, count: int = 3, only: Sequence[str] | None = None) -> None:
        for table in all_tables():
            if _is_there(connection, table) and (only is None or table.name in only):
                columns = _columns(connection, table)
                rows = [_row(table, columns, place) for place in range(1, count + 1)]
                connection.execute(table.insert().values({c.name: None for c in columns}), rows)
        connection.commit()

    return put


def _is_there(connection: Connection, table: Table) -> bool:
    return inspect(connection).has_table(table.name)


def _columns(connection: Connection, table: Table) -> list[Any]:
    names = {column["name"] for column in inspect(connection).get_columns(table.name)}
    return [column for column in table.columns if column.name in names]


def _row(table: Table, columns: Sequence[Any], place: int) -> Mapping[str, Any]:
    return {column.name: _value(table, column, place) for column in columns}


def _value(table: Table, column: Any, place: int) -> Any:
    name, kind = column.name, column.type
    if name == "status":
        return "failed"
    if column.primary_key and isinstance(kind, Key):
        return place * 7
    if column.foreign_keys:
        (key,) = column.foreign_keys
        return _value(key.column.table, key.column, place)
    if column.nullable and place % 3 == 0:
        return None
    if isinstance(kind, Key):
        return 2**63 - place
    if isinstance(kind, PlainText):
        return f"{name} {place} ñ茶🎁 '\";--\t\\u0000"
    if isinstance(kind, Json):
        return {"ñ茶": [place, 0.1, 2**62, None, True, {"at": "é\n"}], "1e17": 1e17, "": ""}
    if isinstance(kind, UtcTime):
        return MOMENT + timedelta(microseconds=place)
    return {bool: bool(place % 2), float: 0.1 * place}[kind.python_type]
