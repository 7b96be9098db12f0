"""JSON Lines as a stream of rows: one object per line, bad lines rejected one by one."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path

import orjson

from indexer.load.limits import SAMPLE_LINES
from indexer.load.lines import Line, open_binary, read_lines
from indexer.load.reasons import Note, Reason
from indexer.load.rows import Row, Table
from service.core.errors import InvalidQuery

_SHOWN = 200


@contextmanager
def open_jsonl(path: Path) -> Iterator[Table]:
    """Open a JSON Lines file; its columns are the keys of the first 100 objects.

    Raises
    ------
    InvalidQuery : the file cannot be read, is one JSON array, or begins with no object at all.
    """
    with open_binary(path) as (raw, stream):
        rows = _rows(read_lines(stream, path.name), path.name)
        sample = list(islice(rows, SAMPLE_LINES))
        columns = tuple(dict.fromkeys(key for row in sample for key in row.values))
        if not columns:
            raise InvalidQuery(
                f"{path.name} holds no JSON object in its first {SAMPLE_LINES} lines; expected one object per line",
                code="header_missing",
            )
        yield Table(columns, lambda _: chain(sample, rows), raw.tell, path.stat().st_size, is_open=True)


def _rows(lines: Iterator[Line], name: str) -> Iterator[Row]:
    is_first = True
    for line in lines:
        if not line.text.strip() and not line.is_oversize and not line.is_lost:
            continue
        if is_first and line.text.lstrip().startswith("["):
            raise InvalidQuery(
                f"{name} is one JSON array; write one object per line (jq -c '.[]' does it)", code="not_json_lines"
            )
        is_first = False
        yield _to_row(line)


def _to_row(line: Line) -> Row:
    if line.is_lost:
        return _rejected(line, Reason.FILE_CUT_OFF)
    if line.is_oversize:
        return _rejected(line, Reason.ROW_TOO_LARGE)
    try:
        values = orjson.loads(line.text)
    except orjson.JSONDecodeError:
        return _rejected(line, Reason.NOT_JSON if line.is_complete else Reason.LINE_CUT_OFF)
    if not isinstance(values, dict):
        return _rejected(line, Reason.NOT_AN_OBJECT)
    notes = (Note(Reason.ENCODING_REPAIRED, "", line.text[:_SHOWN]),) if line.is_reencoded else ()
    return Row(line.number, values, notes)


def _rejected(line: Line, reason: Reason) -> Row:
    return Row(line.number, notes=(Note(reason, "", line.text[:_SHOWN]),))
