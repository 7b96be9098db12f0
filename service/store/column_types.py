"""Column types that mean the same on SQLite and on PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Double, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Key(TypeDecorator[int]):
    """A 64-bit integer primary key; SQLite numbers rows itself only in a column called INTEGER."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """INTEGER on SQLite, BIGINT elsewhere."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())


class PlainText(TypeDecorator[str]):
    """Text ordered by code point, whatever the locale of the database: both engines then sort alike."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """SQLite orders by bytes anyway; PostgreSQL is told to."""
        return dialect.type_descriptor(Text(collation="C") if dialect.name == "postgresql" else Text())


class Json(TypeDecorator[Any]):
    """A list or mapping: JSONB on PostgreSQL, JSON text on SQLite."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """JSONB can be searched inside, and refuses what is not JSON."""
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else JSON())


class UtcTime(TypeDecorator[datetime]):
    """A moment to the microsecond; always comes back aware and in UTC. A naive datetime is taken as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite has no time zones: everything is written in UTC."""
        return None if value is None else as_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """PostgreSQL answers in the zone of the connection, SQLite without any."""
        return None if value is None else as_utc(value)


class PackedTime(UtcTime):
    """The same as eight bytes everywhere, for tables with many rows: SQLite keeps microseconds since 1970."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """INTEGER on SQLite, a time with its zone elsewhere."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Exact: no float is involved."""
        moment = super().process_bind_param(value, dialect)
        return moment if moment is None or dialect.name != "sqlite" else (moment - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The moment that was stored."""
        is_packed = value is not None and dialect.name == "sqlite"
        return super().process_result_value(_EPOCH + value * _MICROSECOND if is_packed else value, dialect)


class epoch_s(FunctionElement[float]):
    """A `PackedTime` column as seconds since 1970, without a datetime per row."""

    inherit_cache = True
    type = Double()


@compiles(epoch_s, "sqlite")
def _unpacked(element: epoch_s, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} / 1e6)"


@compiles(epoch_s, "postgresql")
def _date_part(element: epoch_s, compiler: SQLCompiler, **options: Any) -> str:
    return f"date_part('epoch', {compiler.process(element.clauses, **options)})"


def as_utc(moment: datetime) -> datetime:
    """The same moment, aware and in UTC; a naive datetime is taken as UTC.

    Examples
    --------
    >>> as_utc(datetime(2025, 1, 31, 12)).isoformat()
    '2025-01-31T12:00:00+00:00'
    """
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
