"""Make the tables of one database equal to those of another, page by page, writing only what differs.

What is equal already is passed over: a copy that was killed goes on where it was, and one that was made while the shop
was open needs only the rest when it is closed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, Text, and_, bindparam, cast, delete, insert
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError, IntegrityError

from service.backup.numbering import continue_after, is_numbered, last_number
from service.backup.rows import Counted, Key, Row, TableReader, Tally, all_tables
from service.core.errors import Conflict, InvalidQuery
from service.store.column_types import Json
from service.store.database import Database
from service.store.database_errors import translated

_MADE_BY_ITSELF = ("job", "snapshot")  # by any service, of a shop that has nothing yet

OnRows = Callable[[str, int], None]
"""Told of a table and how many of its rows were just looked at."""


@contextmanager
def reading(database: Database) -> Iterator[Connection]:
    """A connection that sees the database as of one moment, however long it reads and whatever others write."""
    with translated(database.name), database.engine.connect() as connection:
        if database.dialect == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
        try:
            yield connection
        finally:
            connection.rollback()


@contextmanager
def writing(database: Database) -> Iterator[Connection]:
    """A connection for writing; what is not committed when the block ends is not kept."""
    with translated(database.name), database.engine.connect() as connection:
        try:
            begin(connection)
            yield connection
        finally:
            connection.rollback()


def begin(connection: Connection) -> None:
    """Begin to write; on SQLite nobody else can from now on."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")


def commit_page(connection: Connection) -> None:
    """Keep what was written so far and begin anew: for copies that may be killed and go on."""
    connection.commit()
    begin(connection)


def sync_tables(
    source: Connection,
    target: Connection,
    *,
    on_rows: OnRows = lambda _, __: None,
    after_page: Callable[[Connection], None] = lambda _: None,
) -> dict[str, Counted]:
    """Make every table of `target` equal to that of `source`; both have the newest schema.

    Parameters
    ----------
    after_page : called with `target` after each page; `commit_page` keeps it, the default leaves that to the caller.

    Returns
    -------
    dict : table -> what was read from `source`.

    Raises
    ------
    InvalidQuery : a row that the target cannot hold; says which.
    """
    counted = {}
    for table in all_tables():
        counted[str(table.name)] = _sync(source, target, TableReader.of(table), on_rows, after_page)
    for table in filter(is_numbered, all_tables()):
        continue_after(target, table, last_number(source, table))
    after_page(target)
    return counted


def check_tables(target: Connection, expected: dict[str, Counted]) -> None:
    """See that every table holds what it should.

    Raises
    ------
    Conflict : one does not; says which, and both counts.
    """
    for table in all_tables():
        found, wanted = TableReader.of(table).count(target), expected[table.name]
        if found != wanted:
            raise Conflict(
                f"table {table.name} of the copy has {found.rows:,} rows with checksum {found.checksum}, and "
                f"{wanted.rows:,} with {wanted.checksum} were read: somebody wrote to it meanwhile; stop every service "
                "that uses either, and run the command again",
                code="copy_differs",
            )


def is_filled(connection: Connection) -> bool:
    """Whether any table has a row that was not made by itself."""
    tables = [table for table in all_tables() if table.name not in _MADE_BY_ITSELF]
    return any(TableReader.of(table).between(connection, None, None, 1) for table in tables)


def _sync(
    source: Connection,
    target: Connection,
    reader: TableReader,
    on_rows: OnRows,
    after_page: Callable[[Connection], None],
) -> Counted:
    tally = Tally()
    after: Key | None = None
    for page in reader.pages(source):
        lines = reader.lines(page)
        tally.add(lines)
        with _naming(reader, page):
            _sync_page(target, reader, page, lines, after)
        after = reader.key(page[-1])
        after_page(target)
        on_rows(reader.table.name, len(page))
    rest = delete(reader.table)
    target.execute(rest if after is None else rest.where(reader.beyond(after)))
    after_page(target)
    return tally.counted()


def _sync_page(
    target: Connection, reader: TableReader, page: Sequence[Row], lines: Sequence[bytes], after: Key | None
) -> None:
    there = reader.between(target, after, reader.key(page[-1]))
    stored = dict(zip(map(reader.key, there), reader.lines(there), strict=True))
    wanted = dict(zip(map(reader.key, page), lines, strict=True))
    _delete(target, reader, [key for key, line in stored.items() if wanted.get(key) != line])
    missing = [row for row, line in zip(page, lines, strict=True) if stored.get(reader.key(row)) != line]
    if not missing:
        return
    try:
        with target.begin_nested():
            _insert(target, reader, missing)
    except IntegrityError:
        # something unique has moved here from a row that is still to come: those are copied anew
        gone = delete(reader.table)
        target.execute(gone if after is None else gone.where(reader.beyond(after)))
        _insert(target, reader, page)


def _delete(target: Connection, reader: TableReader, keys: Sequence[Key]) -> None:
    if keys:
        names = [f"key_{place}" for place in range(len(reader.keys))]
        pairs = zip(reader.keys, names, strict=True)
        matches = and_(*(column == bindparam(name, type_=column.type) for column, name in pairs))
        target.execute(delete(reader.table).where(matches), [dict(zip(names, key, strict=True)) for key in keys])


def _insert(target: Connection, reader: TableReader, rows: Sequence[Row]) -> None:
    names = [f"new_{name}" for name in reader.columns]
    statement = insert(reader.table).values(
        {name: _given(reader.table, name, f"new_{name}", target.dialect.name) for name in reader.columns}
    )
    target.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])


@contextmanager
def _naming(reader: TableReader, page: Sequence[Row]) -> Iterator[None]:
    try:
        yield
    except DataError as error:
        first, last = reader.key(page[0]), reader.key(page[-1])
        raise InvalidQuery(
            f"a row of table {reader.table.name} between {first} and {last} cannot be stored in the other database: "
            "a value is too large, or holds a NUL byte; correct it in the source and run the command again"
        ) from error


def _given(table: Table, column: str, name: str, dialect: str) -> Any:
    kind = table.columns[column].type
    if not isinstance(kind, Json):
        return bindparam(name, type_=kind)
    return cast(bindparam(name, type_=Text), JSONB) if dialect == "postgresql" else bindparam(name, type_=Text)
