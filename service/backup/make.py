"""Make a backup: every table as of one moment, the releases it names, and what else was asked for."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import inspect, select, text

from service.backup.archive import made_whole
from service.backup.manifest import (
    DATABASE_FILE,
    RELEASES,
    SECRET,
    SYNONYMS,
    VECTORS,
    Manifest,
    files_below,
    write_manifest,
)
from service.backup.point_files import write_points
from service.backup.points import DescribedStore, OnPoints, our_collections
from service.backup.rows import Counted, TableReader, all_tables
from service.backup.sync import OnRows, check_tables, reading, sync_tables, writing
from service.core.errors import Conflict, DependencyUnavailable
from service.store.database import Database, open_database
from service.store.migrations.upgrade import is_current, known_revisions
from service.store.releases import ReleaseStatus
from service.store.tables import RELEASE

_TRIES = 3
_USABLE = (ReleaseStatus.READY, ReleaseStatus.LIVE, ReleaseStatus.RETIRED)


@dataclass(frozen=True, slots=True)
class Shop:
    """What a backup is made of.

    Attributes
    ----------
    database : opened without migrating: a backup changes nothing. releases : the folder of trained releases.
    store : the vectors; None leaves them out. synonyms, secret : files; None leaves them out, as where there is none.
    """

    database: Database
    releases: Path
    store: DescribedStore | None = None
    synonyms: Path | None = None
    secret: Path | None = None


class _Pruned(Exception):
    """A release that the tables name was deleted while its files were copied."""


def make_backup(
    shop: Shop, path: Path, *, on_rows: OnRows = lambda _, __: None, on_points: OnPoints = lambda _, __: None
) -> Manifest:
    """Write a backup to `path`, a folder, or a file that ends in .tar, .tar.gz or .tgz; services may go on.

    Raises
    ------
    Conflict : there is something at `path`; or releases come and go too quickly.
    DependencyUnavailable : the database does not answer or is damaged; PostgreSQL's has an older schema.
    """
    for _ in range(_TRIES):
        try:
            with made_whole(path) as folder:
                return _fill(folder, shop, on_rows, on_points)
        except _Pruned:
            continue
    raise Conflict(f"releases of {shop.releases} were deleted while they were copied; run the command again")


def _fill(folder: Path, shop: Shop, on_rows: OnRows, on_points: OnPoints) -> Manifest:
    made_at, stored = datetime.now(UTC), _folders(shop.releases)
    file = folder / DATABASE_FILE
    (_snapshot if shop.database.dialect == "sqlite" else _export)(shop.database, file)
    tables, schema, releases = _look(file, on_rows)
    _copy_releases(shop.releases, folder / RELEASES, sorted(stored & set(releases)))
    collections = {}
    if shop.store is not None:
        (folder / VECTORS).mkdir()
        for name in our_collections(shop.store, releases):
            collections[name] = write_points(shop.store, name, folder / VECTORS, on_points)
    for given, name in ((shop.synonyms, SYNONYMS), (shop.secret, SECRET)):
        if given is not None:
            shutil.copy2(given, folder / name)
    manifest = Manifest(
        made_at.isoformat(),
        version("vitrine"),
        schema,
        shop.database.dialect,
        tables,
        collections,
        files_below(folder),
    )
    write_manifest(folder, manifest)
    return manifest


def _snapshot(database: Database, file: Path) -> None:
    """Copy the file of an SQLite database as of one moment; readers and writers of it do not wait."""
    source = f"file:{quote(str(database.engine.url.database))}?mode=ro"
    try:
        with closing(sqlite3.connect(source, uri=True, timeout=5)) as read, closing(sqlite3.connect(file)) as copy:
            read.backup(copy)
            found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
            copy.execute("PRAGMA journal_mode = DELETE")  # one file
    except sqlite3.Error as error:
        raise DependencyUnavailable(f"the database {database.name} cannot be copied: {error}") from error
    if found != "ok":
        raise DependencyUnavailable(f"the database {database.name} is damaged ({found}); restore an earlier backup")


def _export(database: Database, file: Path) -> None:
    """Write all rows of a PostgreSQL database as of one moment to an SQLite file with the same schema."""
    with reading(database) as source:
        if not is_current(source):
            raise DependencyUnavailable(
                f"the database {database.name} has not the schema {known_revisions()[-1]} of this vitrine; back it up "
                "with the one that serves it, or upgrade it with `vitrine status`"
            )
        copy = open_database(f"sqlite:///{file}")
        try:
            with writing(copy) as target:
                check_tables(target, sync_tables(source, target))
                target.commit()
        finally:
            copy.close()
    with closing(sqlite3.connect(file)) as copied:
        copied.execute("PRAGMA journal_mode = DELETE")


def _look(file: Path, on_rows: OnRows) -> tuple[dict[str, Counted], str, list[str]]:
    """What is in the file: its tables, their schema, and the releases that can be used."""
    database = open_database(f"sqlite:///{file}", migrate=False)
    try:
        with reading(database) as connection:
            there = set(inspect(connection).get_table_names())
            if "alembic_version" not in there:
                raise DependencyUnavailable("the database has no tables yet; load products first")
            schema = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar())
            tables = [table for table in all_tables() if table.name in there]
            counted = {}
            for table in tables:
                counted[str(table.name)] = found = TableReader.of(table, connection).count(connection)
                on_rows(table.name, found.rows)
            usable = select(RELEASE.c.id).where(RELEASE.c.status.in_(_USABLE)).order_by(RELEASE.c.id)
            releases = list(connection.execute(usable).scalars()) if "release" in there else []
    finally:
        database.close()
    with closing(sqlite3.connect(file)) as copied:
        copied.execute("PRAGMA journal_mode = DELETE")
    return counted, schema, releases


def _folders(releases: Path) -> set[str]:
    return {path.name for path in releases.glob("*") if path.is_dir()}


def _copy_releases(source: Path, target: Path, releases: list[str]) -> None:
    for release in releases:
        try:
            shutil.copytree(source / release, target / release)
        except OSError as error:
            if (source / release).exists():
                raise
            raise _Pruned from error
