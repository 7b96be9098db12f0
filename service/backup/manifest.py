"""What a backup holds, with checksums by which damage is noticed."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from service.backup.rows import Counted
from service.core.errors import InvalidQuery

MANIFEST = "manifest.json"
DATABASE_FILE = "vitrine.db"
RELEASES = "releases"
VECTORS = "vectors"
SECRET = "secret"
SYNONYMS = "synonyms.txt"
_FORMAT = 1
_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    Attributes
    ----------
    made_at : the moment that its tables show, ISO 8601. vitrine : the version that made it. schema : of its database.
    source : ``sqlite`` or ``postgresql``, which its rows came from. tables : table -> its rows.
    collections : collection -> its points; empty where vectors were left out.
    files : path below the backup -> that file.
    """

    made_at: str
    vitrine: str
    schema: str
    source: str
    tables: Mapping[str, Counted]
    collections: Mapping[str, Counted]
    files: Mapping[str, StoredFile]

    @property
    def releases(self) -> list[str]:
        """Ids of the releases whose files are in it."""
        parts = (PurePosixPath(path).parts for path in self.files)
        return sorted({path[1] for path in parts if path[0] == RELEASES})

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables.values())

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(file.bytes for file in self.files.values())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it; the last file of a backup, without which it is none."""
    body = {"format": _FORMAT, **asdict(manifest)}
    with (folder / MANIFEST).open("wb") as file:
        file.write(orjson.dumps({**body, "checksum": _checksum(body)}, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """Read it.

    Raises
    ------
    InvalidQuery : there is none, it was altered, or a newer version made it.
    """
    path = folder / MANIFEST
    try:
        body = orjson.loads(path.read_bytes())
        if (given := body["format"]) != _FORMAT:
            raise damaged(
                f"{folder} is a backup of format {given}, and this vitrine reads format {_FORMAT}; upgrade it"
            )
        if body.pop("checksum") != _checksum(body):
            raise damaged(f"{path} was altered or is damaged; take another backup")
        return _parsed(body)
    except OSError as error:
        raise damaged(f"{folder} is no backup: {MANIFEST} cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(f"{path} is damaged ({type(error).__name__}); take another backup") from error


def check_files(folder: Path, manifest: Manifest) -> None:
    """See that every file is there as it was written.

    Raises
    ------
    InvalidQuery : one is missing, shorter, or altered; names it.
    """
    for name, wanted in manifest.files.items():
        path = folder / name
        if not is_inside(name) or not path.is_file() or path.is_symlink():
            raise damaged(f"the backup is not whole: {name} is missing; take another backup")
        found = stored_file(path)
        if found != wanted:
            how = "was altered" if found.bytes == wanted.bytes else f"has {found.bytes:,} bytes of {wanted.bytes:,}"
            raise damaged(f"the backup is damaged: {name} {how}; take another backup")


def files_below(folder: Path) -> dict[str, StoredFile]:
    """Every file below a folder, with its checksum."""
    return {path.relative_to(folder).as_posix(): stored_file(path) for path in _files(folder)}


def stored_file(path: Path) -> StoredFile:
    """The size and checksum of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return StoredFile(size, digest.hexdigest())


def is_inside(name: str) -> bool:
    """Whether a path stays below the folder it is relative to.

    Examples
    --------
    >>> is_inside("releases/one/arrays.npz"), is_inside("../secret"), is_inside("/etc/passwd")
    (True, False, False)
    """
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def damaged(message: str) -> InvalidQuery:
    """The error of a backup that cannot be used."""
    return InvalidQuery(message, code="backup_damaged")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _checksum(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _parsed(body: Mapping[str, Any]) -> Manifest:
    return Manifest(
        made_at=body["made_at"],
        vitrine=body["vitrine"],
        schema=body["schema"],
        source=body["source"],
        tables={name: Counted(**counted) for name, counted in body["tables"].items()},
        collections={name: Counted(**counted) for name, counted in body["collections"].items()},
        files={name: StoredFile(**file) for name, file in body["files"].items()},
    )
