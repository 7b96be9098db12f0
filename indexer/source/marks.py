"""How far a table of the shop was read: where to go on, and when everything is to be compared again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.sql.selectable import FromClause

from indexer.load.times import to_moment

_IDS_AGAIN = 1000  # numbers are given when a row is begun: one that was finished late may stand below the newest
_SECONDS, _MILLISECONDS, _MICROSECONDS = 1e9, 1e11, 1e14


@dataclass(frozen=True, slots=True)
class Newest:
    """The largest value of a column.

    Attributes
    ----------
    kind : of the value: a time, a time that the database keeps as text, or a number: a time since 1970 or an id.
    """

    column: str
    kind: Literal["time", "text", "number"]
    value: str | int


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a table was read.

    Attributes
    ----------
    newest : None where no column tells what is new. compared_at : epoch seconds, when everything was compared.
    surplus : rows of the shop that we had not after that: those that cannot be used.
    """

    newest: Newest | None
    compared_at: float
    surplus: int

    def as_json(self) -> dict[str, Any]:
        """To be kept."""
        return asdict(self)


def read_mark(data: Mapping[str, Any] | None) -> Mark | None:
    """What was kept; None where nothing was."""
    if data is None:
        return None
    newest = data["newest"]
    return Mark(None if newest is None else Newest(**newest), data["compared_at"], data["surplus"])


def find_newest(connection: Connection, rows: FromClause, columns: Mapping[str, ColumnElement[Any]]) -> Newest | None:
    """The largest value of the first of the columns that can tell what is new; None if none of them can."""
    for name, column in columns.items():
        value = connection.execute(select(func.max(column)).select_from(rows)).scalar()
        if isinstance(value, datetime):
            return Newest(name, "time", value.isoformat())
        if isinstance(value, int) and not isinstance(value, bool):
            return Newest(name, "number", value)
        if isinstance(value, str) and _moment(value) is not None:
            return Newest(name, "text", value)
    return None


def since(newest: Newest, overlap_s: float, now: datetime) -> str | int | datetime:
    """From which value on rows are read, the overlap included; what lies ahead of now counts as now.

    Examples
    --------
    >>> now = datetime(2025, 3, 22, 12, tzinfo=UTC)
    >>> since(Newest("updatedAt", "time", "2025-03-22T11:00:00"), 60, now).isoformat()
    '2025-03-22T10:59:00'
    >>> since(Newest("updatedAt", "text", "2025-03-22 11:00:00"), 60, now), since(Newest("id", "number", 5000), 60, now)
    ('2025-03-21', 4000)
    """
    overlap = timedelta(seconds=overlap_s)
    if newest.kind == "text":  # however the time of day is written, the date comes first
        return (min(to_moment(newest.value), now) - overlap - timedelta(days=1)).date().isoformat()
    if newest.kind == "time":
        moment = datetime.fromisoformat(str(newest.value))
        return min(moment, now if moment.tzinfo else now.astimezone(UTC).replace(tzinfo=None)) - overlap
    number = int(newest.value)
    if number < _SECONDS:
        return number - _IDS_AGAIN
    unit = 1e6 if number >= _MICROSECONDS else 1e3 if number >= _MILLISECONDS else 1.0
    return int(min(number, now.timestamp() * unit) - overlap_s * unit)


def _moment(text: str) -> datetime | None:
    try:
        return to_moment(text)
    except (ValueError, OverflowError, OSError):
        return None
