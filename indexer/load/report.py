"""What became of every row: counts, and a file that lists repairs, rejections and duplicates line by line."""

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from indexer.load.reasons import Note, Reason
from service.core.errors import InvalidQuery

COLUMNS = ("line", "id", "what", "reason", "field", "value")
_SHOWN = 120

Log = Callable[[int, str, str, tuple[Note, ...]], None]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """The result of loading one file.

    ``rows == loaded + rejected + duplicates + left_out``, ``loaded == created + updated + unchanged``,
    ``repaired <= loaded``.

    Attributes
    ----------
    rows : data rows; blank lines are none.
    loaded : rows that became products, `repaired` of them not quite as given.
    duplicates : rows whose id an earlier row of the file has; the first one wins, for only then does loading a file
        twice change nothing.
    left_out : rows without a picture, where only those with one were asked for.
    repairs, rejections : reason -> how often, the most frequent first; one row may have several, also of one kind.
    warnings : what a person should know about the file as a whole.
    file : where every finding is listed by line, or None if no folder was given.
    """

    path: Path
    format: str
    rows: int
    loaded: int
    repaired: int
    rejected: int
    duplicates: int
    left_out: int
    created: int
    updated: int
    unchanged: int
    repairs: Mapping[str, int]
    rejections: Mapping[str, int]
    warnings: tuple[str, ...]
    file: Path | None
    seconds: float

    @property
    def as_given(self) -> int:
        """Rows that were loaded without any repair."""
        return self.loaded - self.repaired


@dataclass(slots=True)
class Tally:
    """The counts while they grow."""

    rows: int = 0
    loaded: int = 0
    repaired: int = 0
    rejected: int = 0
    duplicates: int = 0
    without_currency: int = 0
    left_out: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    rejections: Counter[str] = field(default_factory=Counter)


@contextmanager
def open_log(folder: Path | None, source: Path) -> Iterator[tuple[Path | None, Log]]:
    """A report file that appears when it is complete; without a folder nothing is written.

    Raises
    ------
    InvalidQuery : the folder cannot be written to.
    """
    if folder is None:
        yield None, lambda *_: None
        return
    target = _free_name(folder, source)
    part = target.with_suffix(".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = part.open("x", encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidQuery(f"cannot write a report to {folder}: {error.strerror}", code="report_unwritable") from error
    try:
        with stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS)
            yield target, lambda line, id, what, notes: writer.writerows(_lines(line, id, what, notes))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _free_name(folder: Path, source: Path) -> Path:
    stem = f"{source.name.split('.')[0][:80]}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    names = (folder / f"{stem}{'' if n == 1 else f'-{n}'}.csv" for n in range(1, 1_000_000))
    return next(name for name in names if not name.exists() and not name.with_suffix(".part").exists())


def _lines(line: int, id: str, what: str, notes: tuple[Note, ...]) -> Iterator[tuple[object, ...]]:
    for note in notes:
        yield line, _shown(id), what, str(note.reason), _shown(note.field), _shown(note.value)


def _shown(value: object) -> str:
    """A short, printable form that no spreadsheet takes for a formula."""
    text = value[: 2 * _SHOWN] if isinstance(value, str) else str(value)[: 2 * _SHOWN]
    text = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
    text = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return f"'{text}" if text.startswith(("=", "+", "@")) or (text[:1] == "-" and not text[1:2].isdigit()) else text


def count_reasons(counter: Counter[str], notes: tuple[Note, ...]) -> None:
    """Add the reasons of one row."""
    counter.update(str(note.reason) for note in notes)


DUPLICATE = (Note(Reason.DUPLICATE_ID, "id"),)
"""What the log says of a superseded row."""
