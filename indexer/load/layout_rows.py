"""Files without a header as a stream of rows: split at a delimiter, without quotes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.load.layouts import Layout
from indexer.load.lines import Line, open_binary, read_lines
from indexer.load.reasons import Note, Reason
from indexer.load.rows import Row, Table

_SHOWN = 200


@contextmanager
def open_layout(path: Path, layout: Layout) -> Iterator[Table]:
    """Open a file whose columns the layout names.

    Raises
    ------
    InvalidQuery : the file cannot be read.
    """
    to_rows = _to_row if layout.starts is None else _to_sequence
    columns = layout.columns if layout.starts is None else (*layout.columns, "at")
    with open_binary(path) as (raw, stream):
        lines = read_lines(stream, path.name)
        yield Table(columns, lambda _: _rows(lines, layout, to_rows), raw.tell, path.stat().st_size)


def _rows(lines: Iterator[Line], layout: Layout, to_rows: Callable[[Line, Layout], Iterator[Row]]) -> Iterator[Row]:
    for line in lines:
        if line.is_lost:
            yield _rejected(line, Reason.FILE_CUT_OFF)
        elif line.is_oversize:
            yield _rejected(line, Reason.ROW_TOO_LARGE)
        elif line.text.strip():
            yield from to_rows(line, layout)


def _to_row(line: Line, layout: Layout) -> Iterator[Row]:
    fields = line.text.split(layout.delimiter)
    if len(fields) != len(layout.columns):
        is_cut = len(fields) < len(layout.columns) and not line.is_complete
        yield _rejected(line, Reason.LINE_CUT_OFF if is_cut else Reason.COLUMNS_MISMATCH)
    else:
        yield Row(line.number, dict(zip(layout.columns, fields, strict=True)), _notes(line, layout))


def _to_sequence(line: Line, layout: Layout) -> Iterator[Row]:
    """One row for each field behind the fixed ones, a step apart; a line with none is one row without it."""
    fields = line.text.split()
    *fixed, repeated = layout.columns
    start, notes = layout.starts, _notes(line, layout)
    head = dict(zip(fixed, fields, strict=False))
    items = fields[len(fixed) :] or [""]
    for number, item in enumerate(items):
        at = start + number * layout.step if start else None
        yield Row(line.number, {**head, repeated: item, "at": at}, notes)


def _notes(line: Line, layout: Layout) -> tuple[Note, ...]:
    if line.is_reencoded and not layout.is_latin:
        return (Note(Reason.ENCODING_REPAIRED, "", line.text[:_SHOWN]),)
    return ()


def _rejected(line: Line, reason: Reason) -> Row:
    return Row(line.number, notes=(Note(reason, "", line.text[:_SHOWN]),))
