"""CSV as a stream of rows that survives stray quotes, half lines and rows too large to hold."""

import csv
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from indexer.load.limits import ROW_BYTES
from indexer.load.lines import Line, open_binary, read_lines
from indexer.load.reasons import Note, Reason
from indexer.load.rows import Row, Table
from service.core.errors import InvalidQuery

_DELIMITERS = (",", ";", "\t", "|")
_SHOWN = 200
_MIN_WIDTH = 4  # narrower tables: prose with a comma looks like a row


class _State(Enum):
    WHOLE = "whole"  # every quote that opens closes
    OPEN = "open"  # the line ends inside quotes: the field may go on
    BROKEN = "broken"  # a closing quote inside a field


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a row of this file looks like."""

    columns: tuple[str, ...]
    delimiter: str
    joins_last: bool = False

    def fits(self, text: str) -> bool:
        state, fields = _parse(text, self.delimiter)
        return state is _State.WHOLE and len(fields) == len(self.columns)


@contextmanager
def open_csv(path: Path) -> Iterator[Table]:
    """Open a CSV file; the delimiter (comma, semicolon, tab or bar) is told from the header.

    Raises
    ------
    InvalidQuery : the file cannot be read, or its first line is no header.
    """
    csv.field_size_limit(max(csv.field_size_limit(), 3 * ROW_BYTES))  # the module's limit; ours is kept by `read_lines`
    with open_binary(path) as (raw, stream):
        lines = _Lookahead(read_lines(stream, path.name))
        shape = _read_header(lines, path.name)
        yield Table(
            columns=shape.columns,
            rows=lambda joins_last: _rows(lines, _Shape(shape.columns, shape.delimiter, joins_last)),
            position=raw.tell,
            size=path.stat().st_size,
        )


class _Lookahead:
    """Lines that can be taken back."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._returned: deque[Line] = deque()

    def take(self) -> Line | None:
        return self._returned.popleft() if self._returned else next(self._lines, None)

    def give_back(self, lines: list[Line]) -> None:
        self._returned.extendleft(reversed(lines))


def _read_header(lines: _Lookahead, name: str) -> _Shape:
    line = lines.take()
    while line is not None and not line.text.strip("\ufeff\0 \t\r,;|"):
        line = lines.take()
    if line is None or line.is_oversize or line.is_lost:
        raise InvalidQuery(f"{name} has no header: the first line must name the columns", code="header_missing")
    delimiter = max(_DELIMITERS, key=lambda sign: len(_parse_loosely(line.text, sign)))
    state, fields = _parse(line.text, delimiter)
    if state is not _State.WHOLE:
        raise InvalidQuery(
            f"the header of {name} has an unbalanced quote: {line.text[:_SHOWN]!a}", code="header_broken"
        )
    columns = tuple(field.replace("\0", "").strip() for field in fields)
    if twice := sorted({column for column in columns if column and columns.count(column) > 1}):
        raise InvalidQuery(f"{name} has two columns called {twice[0][:_SHOWN]!a}; rename one", code="column_twice")
    return _Shape(columns, delimiter)


def _rows(lines: _Lookahead, shape: _Shape) -> Iterator[Row]:
    while (line := lines.take()) is not None:
        row = _read_row(line, lines, shape)
        if row is not None:
            yield row


def _read_row(line: Line, lines: _Lookahead, shape: _Shape) -> Row | None:
    if line.is_lost:
        return _rejected(line, Reason.FILE_CUT_OFF)
    if line.is_oversize:
        return _too_large([line], lines, shape)
    state, fields = _parse(line.text, shape.delimiter)
    if state is _State.WHOLE:
        return _to_row(line, fields, shape)
    row = _read_multiline(line, lines, shape) if state is _State.OPEN else None
    return row or _read_loosely(line, state, shape)


def _read_multiline(first: Line, lines: _Lookahead, shape: _Shape) -> Row | None:
    """The row that begins in this line and ends in a later one; None if its quote is a stray one.

    A stray quote shows when quotes do not close as they should, the columns do not fit, or whole rows lie inside.
    """
    taken, size, attempts = [first], len(first.text), 0
    while (line := lines.take()) is not None and not line.is_lost:
        taken.append(line)
        size += len(line.text) + 1
        if line.is_oversize or size > ROW_BYTES:
            return _too_large(taken, lines, shape)
        if not _closes(line):
            continue
        attempts += 1
        state, fields = _parse("\n".join(each.text for each in taken), shape.delimiter)
        if state is _State.OPEN and attempts <= 2 * len(shape.columns):
            continue
        if state is _State.WHOLE and len(fields) == len(shape.columns) and not _holds_rows(taken[1:-1], shape):
            return _to_row(first, fields, shape, is_reencoded=any(each.is_reencoded for each in taken))
        lines.give_back(taken[1:])
        return None
    lines.give_back([line] if line else [])
    if len(taken) == 1 or _holds_rows(taken[1:], shape):
        lines.give_back(taken[1:])
        return None
    return _rejected(first, Reason.LINE_CUT_OFF)


def _too_large(taken: list[Line], lines: _Lookahead, shape: _Shape) -> Row | None:
    """Reject a row that is too large to hold and skip the rest of it; None if it is whole rows behind a stray quote."""
    if _holds_rows(taken[1:-1], shape):
        lines.give_back(taken[1:])
        return None
    # of a first line an odd number of quotes leaves the field open; of a later one it closes it
    if _closes(taken[-1]) == (len(taken) == 1):
        _skip_field(lines, shape)
    return _rejected(taken[0], Reason.ROW_TOO_LARGE)


def _skip_field(lines: _Lookahead, shape: _Shape) -> None:
    """Go on behind the line that closes an open quote, or before the next line that is a row of its own."""
    while (line := lines.take()) is not None:
        if line.is_lost or (not line.is_oversize and shape.fits(line.text)):
            lines.give_back([line])
            return
        if _closes(line):
            return


def _closes(line: Line) -> bool:
    """Whether the line may close a quote that is open before it."""
    return line.odd_quotes if line.is_oversize else '"' in line.text.replace('""', "")


def _holds_rows(inner: list[Line], shape: _Shape) -> bool:
    """Whether most of the lines inside a quoted field are rows by themselves."""
    if not inner or len(shape.columns) < _MIN_WIDTH:
        return False
    filled = [line.text for line in inner if line.text.strip()]
    return sum(map(shape.fits, filled)) * 2 > len(filled)


def _read_loosely(line: Line, state: _State, shape: _Shape) -> Row | None:
    """A line with a stray quote, read as it stands if its columns fit."""
    if state is _State.OPEN and not line.is_complete:
        return _rejected(line, Reason.LINE_CUT_OFF)
    fields = _parse_loosely(line.text, shape.delimiter)
    if len(fields) != len(shape.columns):
        return _rejected(line, Reason.QUOTES_UNBALANCED)
    row = _to_row(line, fields, shape)
    return row and replace(row, notes=(*row.notes, Note(Reason.QUOTES_REPAIRED, "", line.text[:_SHOWN])))


def _to_row(line: Line, fields: list[str], shape: _Shape, is_reencoded: bool = False) -> Row | None:
    """The fields by column; None for a line without any value."""
    width, notes = len(shape.columns), []
    if not any(map(str.strip, fields)):
        return None
    if line.is_reencoded or is_reencoded:
        notes.append(Note(Reason.ENCODING_REPAIRED, "", line.text[:_SHOWN]))
    if len(fields) > width and shape.joins_last and any(map(str.strip, fields[width:])):
        fields = [*fields[: width - 1], shape.delimiter.join(fields[width - 1 :])]
        notes.append(Note(Reason.COMMA_JOINED, shape.columns[-1], fields[-1]))
    if len(fields) < width:
        return _rejected(line, Reason.COLUMNS_MISMATCH if line.is_complete else Reason.LINE_CUT_OFF)
    if any(map(str.strip, fields[width:])):
        return _rejected(line, Reason.COLUMNS_MISMATCH)
    return Row(line.number, dict(zip(shape.columns, fields, strict=False)), tuple(notes))


def _rejected(line: Line, reason: Reason) -> Row:
    return Row(line.number, notes=(Note(reason, "", line.text[:_SHOWN]),))


def _parse(text: str, delimiter: str) -> tuple[_State, list[str]]:
    try:
        return _State.WHOLE, next(csv.reader((text,), delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        return (_State.OPEN if "unexpected end of data" in str(error) else _State.BROKEN), []


def _parse_loosely(text: str, delimiter: str) -> list[str]:
    return next(csv.reader((text.replace("\r", " "),), delimiter=delimiter), [])
