"""Put a backup in the place of a shop."""

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection

from service.backup.manifest import DATABASE_FILE, RELEASES, SECRET, SYNONYMS, VECTORS, Manifest
from service.backup.point_files import load_points
from service.backup.points import DescribedStore, OnPoints
from service.backup.rows import Counted
from service.backup.sync import OnRows, check_tables, is_filled, reading, sync_tables, writing
from service.core.errors import ConfigurationError, Conflict
from service.store.database import Database, open_database
from service.store.migrations.upgrade import known_revisions

_UNFINISHED = ".new"  # swept up by whoever trains next


def check_schema(manifest: Manifest) -> None:
    """Refuse the backup of a newer version.

    Raises
    ------
    ConfigurationError : this version does not know its schema.
    """
    if manifest.schema not in known_revisions():
        raise ConfigurationError(
            f"the backup has schema {manifest.schema} of vitrine {manifest.vitrine}, and this vitrine knows schemas up "
            f"to {known_revisions()[-1]}; restore it with the newer vitrine"
        )


def refuse_filled(database: Database, otherwise: str, *, code: str) -> None:
    """Refuse to write over a shop.

    Parameters
    ----------
    otherwise : what to do instead.

    Raises
    ------
    Conflict : the database has rows.
    """
    with reading(database) as connection:
        if is_filled(connection):
            raise Conflict(f"{database.name} is not empty; {otherwise}", code=code)


def restore_tables(
    folder: Path, manifest: Manifest, database: Database, work: Path, on_rows: OnRows = lambda _, __: None,
    *, before_commit: Callable[[Connection], None] = lambda _: None,
) -> dict[str, Counted]:  # fmt: skip
    """Have the database hold the rows of the backup and no others, all at once or not at all; older ones are migrated.

    Parameters
    ----------
    work : a folder where the backup's database can be migrated, which leaves the backup as it is.
    before_commit : called with the database once all rows are there, to add what must not be lost.

    Raises
    ------
    Conflict : what was written is not what was read. DependencyUnavailable : others write to the database.
    """
    check_schema(manifest)
    with TemporaryDirectory(prefix=".restore-", dir=work) as made:
        shutil.copyfile(folder / DATABASE_FILE, Path(made) / DATABASE_FILE)
        source = open_database(f"sqlite:///{Path(made) / DATABASE_FILE}")
        try:
            with reading(source) as rows, writing(database) as target:
                counted = sync_tables(rows, target, on_rows=on_rows)
                check_tables(target, counted)
                before_commit(target)
                target.commit()
        finally:
            source.close()
    return counted


def restore_files(folder: Path, manifest: Manifest, *, releases: Path, synonyms: Path, secret: Path) -> None:
    """Put releases, synonyms and the secret where they belong, as far as the backup has them."""
    for release in manifest.releases:
        releases.mkdir(parents=True, exist_ok=True)
        draft = releases / f"{release}{_UNFINISHED}"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(folder / RELEASES / release, draft)
        shutil.rmtree(releases / release, ignore_errors=True)
        draft.rename(releases / release)
    if SYNONYMS in manifest.files:
        synonyms.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / SYNONYMS, synonyms)
    if SECRET in manifest.files:
        shutil.copy2(folder / SECRET, secret)
        secret.chmod(0o600)


def restore_points(
    folder: Path, manifest: Manifest, store: DescribedStore, on_points: OnPoints = lambda _, __: None
) -> None:
    """Fill the collections that the backup has."""
    for name in manifest.collections:
        load_points(folder / VECTORS, name, store, on_points)


def drop_points(store: DescribedStore, names: list[str]) -> None:
    """Drop collections; before the tables are written: tables without points are embedded, others would be believed."""
    for name in names:
        store.drop(name)
