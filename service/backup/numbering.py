"""The numbers that a table's next rows get: after a move they go on where they were, so that no id is used twice."""

from typing import Any

from sqlalchemy import Connection, Table, func, select, text

_SEQUENCE = text("SELECT pg_get_serial_sequence(:table, :column)")


def is_numbered(table: Table) -> bool:
    """Whether the database numbers the rows."""
    return table.autoincrement_column is not None


def largest_number(connection: Connection, table: Table) -> int:
    """The largest number that a row has; 0 where there is none."""
    column: Any = table.autoincrement_column
    return int(connection.execute(select(func.max(column))).scalar() or 0)


def last_number(connection: Connection, table: Table) -> int:
    """The largest number that was ever given; 0 before the first."""
    largest = largest_number(connection, table)
    if connection.dialect.name == "sqlite":
        return max(largest, _sqlite_last(connection, table))
    # text in quotes that the database itself gave
    name = _postgresql_sequence(connection, table)
    last, is_called = connection.exec_driver_sql(f"SELECT last_value, is_called FROM {name}").one()  # nosec B608
    return max(largest, int(last) if is_called else int(last) - 1)


def continue_after(connection: Connection, table: Table, number: int) -> None:
    """Have the next row get a larger number than this, and than any row has."""
    number = max(number, last_number(connection, table))
    if connection.dialect.name == "postgresql":
        name = _postgresql_sequence(connection, table)
        connection.execute(
            text("SELECT setval(:name, :n, :used)"), {"name": name, "n": max(number, 1), "used": number > 0}
        )
    elif table.dialect_options["sqlite"]["autoincrement"]:
        values = {"table": table.name, "n": number}
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), values)
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :n)"), values)


def _sqlite_last(connection: Connection, table: Table) -> int:
    if not table.dialect_options["sqlite"]["autoincrement"]:
        return 0
    query = text("SELECT max(seq) FROM sqlite_sequence WHERE name = :table")
    return int(connection.execute(query, {"table": table.name}).scalar() or 0)


def _postgresql_sequence(connection: Connection, table: Table) -> str:
    column = table.autoincrement_column
    values = {"table": f'"{table.name}"', "column": column.name if column is not None else ""}
    return str(connection.execute(_SEQUENCE, values).scalar_one())
