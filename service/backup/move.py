"""Move a shop from one engine to another: the same rows and points, counted and compared; the source stays."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from service.backup.manifest import RELEASES
from service.backup.numbering import is_numbered, largest_number
from service.backup.points import (
    DescribedStore,
    OnPoints,
    check_points,
    every_point,
    filled_collections,
    our_collections,
    sync_points,
)
from service.backup.rows import Counted, all_tables
from service.backup.sync import OnRows, check_tables, commit_page, reading, sync_tables, writing
from service.core.errors import Conflict
from service.store.database import Database
from service.store.tables import RELEASE

_JOURNAL = "migration.json"


@dataclass(frozen=True, slots=True)
class Journal:
    """Remembers a move that was begun, so that it may go on where the target is no longer empty.

    Attributes
    ----------
    folder : the data folder. to : what is moved where, without passwords.
    """

    folder: Path
    to: Sequence[str]

    @property
    def file(self) -> Path:
        """Where it is remembered."""
        return self.folder / _JOURNAL

    def is_begun(self) -> bool:
        """Whether the very same move was begun and not finished."""
        try:
            return bool(json.loads(self.file.read_text("utf-8")) == list(self.to))
        except (OSError, ValueError):
            return False

    def begin(self) -> None:
        """Remember it."""
        self.file.write_text(json.dumps(list(self.to)), "utf-8")

    def end(self) -> None:
        """It is done."""
        self.file.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class MovedTables:
    """The tables of a move.

    Attributes
    ----------
    tables : table -> its rows, equal on both sides. late : tables that got rows in the source meanwhile.
    """

    tables: dict[str, Counted]
    late: list[str]


def refuse_filled_points(source: DescribedStore, target: DescribedStore, releases: Sequence[str]) -> None:
    """Refuse to write over collections.

    Raises
    ------
    Conflict : one has points.
    """
    for name, count in filled_collections(target, our_collections(source, releases)).items():
        raise Conflict(
            f"collection {name} of the target has {count:,} points already; choose another one, or make it equal to "
            "the source with --force",
            code="target_not_empty",
        )


def move_tables(source: Database, target: Database, on_rows: OnRows = lambda _, __: None) -> MovedTables:
    """Make all tables of `target` equal to those of `source` as of one moment; what is equal already is passed over.

    Raises
    ------
    Conflict : the two differ in the end. InvalidQuery : a row that the target cannot hold; says which.
    """
    with reading(source) as rows:
        with writing(target) as written:
            counted = sync_tables(rows, written, on_rows=on_rows, after_page=commit_page)
        with reading(target) as copied:
            check_tables(copied, counted)
        before = _numbers(rows)
    with reading(source) as now:
        after = _numbers(now)
    return MovedTables(counted, [name for name, number in after.items() if number != before[name]])


def move_points(
    source: DescribedStore, target: DescribedStore, releases: Sequence[str], on_points: OnPoints = lambda _, __: None
) -> dict[str, Counted]:
    """Make the collections of `target` equal to those of `source`, vectors and payloads; nothing is embedded again.

    Raises
    ------
    Conflict : the two differ in the end.
    """
    counted = {}
    for name in our_collections(source, releases):
        counted[name] = sync_points(source, target, name, on_points)
        check_points(every_point(source, name), target, name)
    return counted


def known_releases(database: Database) -> list[str]:
    """Ids of all releases."""
    with reading(database) as connection:
        return list(connection.execute(select(RELEASE.c.id)).scalars())


def _numbers(connection: Connection) -> dict[str, int]:
    return {str(table.name): largest_number(connection, table) for table in filter(is_numbered, all_tables())}


def copy_files(source: Path, target: Path) -> list[str]:
    """Copy the files that a data folder has beside tables and vectors; not the secret, which is to be guarded.

    Returns
    -------
    list : what was copied, below the folder.
    """
    if source.absolute() == target.absolute():
        return []
    found = [path for path in [source / RELEASES, *sorted(source.glob("*.txt"))] if path.exists()]
    for path in found:
        if path.is_dir():
            shutil.copytree(path, target / path.name, dirs_exist_ok=True)
        else:
            shutil.copy2(path, target / path.name)
    return [path.name for path in found]
