"""Rows of a table in the order of its key, the same from either engine, and their checksum."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Select, Table, Text, cast, inspect, select, tuple_
from sqlmodel import SQLModel

import service.store.tables  # noqa: F401  # fills the metadata
from service.store.column_types import Json

PAGE = 1000
Row = tuple[Any, ...]
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """How much there is, and what it amounts to.

    Attributes
    ----------
    rows : rows, or points. checksum : equal for equal contents, whatever engine holds them.
    """

    rows: int
    checksum: str


@dataclass(slots=True)
class Tally:
    """Counts lines as they pass."""

    rows: int = 0
    _digest: Any = field(default_factory=lambda: blake2b(digest_size=16))

    def add(self, lines: Iterable[bytes]) -> None:
        """Count these, in this order."""
        for line in lines:
            self._digest.update(line)
            self._digest.update(b"\n")
            self.rows += 1

    def counted(self) -> Counted:
        """What has passed."""
        return Counted(self.rows, self._digest.hexdigest())


def all_tables() -> list[Table]:
    """Every table of the code, those that others refer to first."""
    return list(SQLModel.metadata.sorted_tables)


@dataclass(frozen=True, slots=True, eq=False)
class TableReader:
    """Reads one table; JSON stays the text it is, so that NULL and JSON's null remain two things.

    Parameters
    ----------
    columns : those to be read, in this order.
    """

    table: Table
    columns: tuple[str, ...]

    @classmethod
    def of(cls, table: Table, connection: Connection | None = None) -> "TableReader":
        """All columns; with a connection those that the database has, whose schema may be an older one."""
        there = None if connection is None else {c["name"] for c in inspect(connection).get_columns(table.name)}
        return cls(table, tuple(c.name for c in table.columns if there is None or c.name in there))

    @property
    def keys(self) -> list[ColumnElement[Any]]:
        """The columns of the primary key."""
        return list(self.table.primary_key.columns)

    def key(self, row: Row) -> Key:
        """The primary key of a row."""
        return tuple(row[self.columns.index(column.name)] for column in self.table.primary_key.columns)

    def pages(self, connection: Connection, size: int = PAGE) -> Iterator[Sequence[Row]]:
        """All rows by key."""
        after: Key | None = None
        while page := self.between(connection, after, None, size):
            yield page
            after = self.key(page[-1])

    def between(
        self, connection: Connection, after: Key | None, last: Key | None, limit: int | None = None
    ) -> Sequence[Row]:
        """Rows with a key beyond `after`, up to `last`."""
        query = self._query().limit(limit)
        if after is not None:
            query = query.where(self.beyond(after))
        if last is not None:
            query = query.where(self._compared(last, lambda key, value: key <= value))
        return [tuple(row) for row in connection.execute(query)]

    def beyond(self, after: Key) -> ColumnElement[bool]:
        """Whether the key of a row comes after this one."""
        return self._compared(after, lambda key, value: key > value)

    def lines(self, rows: Iterable[Row]) -> list[bytes]:
        """Each row as bytes that are equal for equal rows."""
        is_json = [isinstance(self.table.columns[name].type, Json) for name in self.columns]
        return [_line(row, is_json) for row in rows]

    def count(self, connection: Connection) -> Counted:
        """How many rows there are, and their checksum."""
        tally = Tally()
        for page in self.pages(connection):
            tally.add(self.lines(page))
        return tally.counted()

    def _query(self) -> Select[Any]:
        return select(*(self._read(name) for name in self.columns)).order_by(*self.keys)

    def _read(self, name: str) -> ColumnElement[Any]:
        column = self.table.columns[name]
        return cast(column, Text) if isinstance(column.type, Json) else column

    def _compared(self, key: Key, compare: Callable[[Any, Any], ColumnElement[bool]]) -> ColumnElement[bool]:
        if len(key) == 1:
            return compare(self.keys[0], key[0])
        return compare(tuple_(*self.keys), tuple_(*key, types=[column.type for column in self.keys]))


def plain_numbers(value: Any) -> Any:
    """JSON whose whole numbers are integers: one engine gives 1e17 back as it was, another as 100000000000000000.

    Digits count, not the float they stand for: those are what JSON is stored as.

    Examples
    --------
    >>> plain_numbers({"a": [1e17, 0.5, -0.0]})
    {'a': [100000000000000000, 0.5, 0]}
    """
    if isinstance(value, dict):
        return {name: plain_numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain_numbers(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**64:
        whole = int(Decimal(repr(value)))
        return whole if -(2**63) <= whole < 2**64 else value
    return value


def _line(row: Row, is_json: Sequence[bool]) -> bytes:
    values = [_comparable(value, json) for value, json in zip(row, is_json, strict=True)]
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)


def _comparable(value: Any, json: bool) -> Any:
    if json and value is not None:
        return [plain_numbers(orjson.loads(value))]
    return 0.0 if isinstance(value, float) and value == 0 else value  # SQLite knows no negative zero
