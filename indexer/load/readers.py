"""A file becomes a table: by its format's layout where it has no header, else by its ending."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path

from indexer.load.csv_rows import open_csv
from indexer.load.formats import Format, all_formats, get_format
from indexer.load.jsonl_rows import open_jsonl
from indexer.load.kinds import Kind
from indexer.load.layout_rows import open_layout
from indexer.load.layouts import Layout
from indexer.load.lines import open_binary, read_lines
from indexer.load.parquet_rows import open_parquet
from indexer.load.rows import Table
from service.core.errors import InvalidQuery

_READERS: Mapping[str, Callable[[Path], AbstractContextManager[Table]]] = {
    ".csv": open_csv,
    ".tsv": open_csv,
    ".txt": open_csv,
    ".dat": open_csv,
    ".data": open_csv,
    ".item": open_csv,
    ".jsonl": open_jsonl,
    ".ndjson": open_jsonl,
    ".json": open_jsonl,
    ".parquet": open_parquet,
}
_FIRST_LINES = 5


def open_file(path: Path, kind: Kind, format: str | None = None) -> tuple[str | None, AbstractContextManager[Table]]:
    """The name of the format, if it is known without a header, and the table to be entered.

    Parameters
    ----------
    format : name of a format; its layouts are tried, of None those of all formats.

    Raises
    ------
    InvalidQuery : unknown format or ending, or the file cannot be read.
    """
    reader = _READERS.get(_suffix(path)) or _refuse(path)
    formats = [get_format(kind, format)] if format is not None else list(all_formats(kind).values())
    candidates = [(each, layout) for each in formats for layout in each.layouts]
    if reader is open_csv and candidates:
        found = _find_layout(path, candidates, is_chosen=format is not None)
        if found is not None:
            return found[0].name, open_layout(path, found[1])
    return format, reader(path)


def _find_layout(path: Path, candidates: list[tuple[Format, Layout]], is_chosen: bool) -> tuple[Format, Layout] | None:
    """The layout that the first lines match best: all of them, or, of a chosen format, one; with no other way, none."""
    with open_binary(path) as (_, stream):
        texts = (line.text for line in read_lines(stream, path.name) if line.text.strip())
        lines = list(islice(texts, _FIRST_LINES))
    best = max(candidates, key=lambda each: each[1].matches(lines))
    has_header = bool(best[0].detect or best[0].headers)
    needed = (1 if has_header else 0) if is_chosen else max(1, len(lines))
    return best if best[1].matches(lines) >= needed else None


def _suffix(path: Path) -> str:
    """The ending that tells what is inside; ``.gz`` around Parquet is none."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    is_packed = suffixes[-1:] == [".gz"] and len(suffixes) > 1
    suffix = suffixes[-2] if is_packed else path.suffix.lower()
    return "" if is_packed and suffix == ".parquet" else suffix


def _refuse(path: Path) -> Callable[[Path], AbstractContextManager[Table]]:
    if path.is_dir():
        raise InvalidQuery(f"{path} is a folder; name the file inside it", code="not_a_file")
    raise InvalidQuery(
        f"cannot tell what {path.name!a} is by its ending; known are {', '.join(_READERS)}, .csv.gz and .jsonl.gz",
        code="unknown_suffix",
    )
