"""The shop's tables as they are: which columns there are, whatever their names."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, TableClause, column, func, inspect, select, table, text
from sqlalchemy.sql.elements import quoted_name

from service.core.errors import ConfigurationError

_SHOWN = 40


@dataclass(frozen=True, slots=True)
class ShopTable:
    """A table of the shop: its names are quoted, so that upper and lower case are kept (`"OrderItem"`)."""

    clause: TableClause
    columns: tuple[str, ...]

    def __getitem__(self, name: str) -> ColumnElement[Any]:
        return self.clause.c[name]

    def present(self, names: Iterable[str]) -> list[str]:
        """Those of the names that are columns, in the same order."""
        return [name for name in names if name in self.columns]

    def count(self, connection: Connection) -> int:
        """How many rows there are."""
        return int(connection.execute(select(func.count()).select_from(self.clause)).scalar_one())


def shop_table(connection: Connection, name: str, schema: str | None, needed: Iterable[str]) -> ShopTable:
    """The table of this name.

    Raises
    ------
    ConfigurationError : there is none, or a needed column is missing; one line that says what there is.
    """
    if not inspect(connection).has_table(name, schema=schema):
        there = sorted(inspect(connection).get_table_names(schema=schema))
        raise ConfigurationError(
            f"the shop's database has no table {name!r}; it has: {', '.join(there[:_SHOWN]) or 'none at all'}. "
            'Correct [source] in the configuration (a kind of interactions is left out with table = "")'
        )
    whole = table(_quoted(name), schema=None if schema is None else _quoted(schema))
    columns = tuple(connection.execute(select(text("*")).select_from(whole).limit(0)).keys())
    missing = sorted(set(needed) - set(columns))
    if missing:
        raise ConfigurationError(
            f"the shop's table {name!r} has no column {missing[0]!r}; it has: {', '.join(columns[:_SHOWN])}. "
            "Correct [source] in the configuration"
        )
    clause = table(
        _quoted(name), *(column(_quoted(each)) for each in columns), schema=None if schema is None else _quoted(schema)
    )
    return ShopTable(clause, columns)


def _quoted(name: str) -> quoted_name:
    return quoted_name(name, quote=True)
