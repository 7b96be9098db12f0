"""What lies on disk beside the engine's own files: the lock of a folder and the note that makes a collection exist.

::

    <folder>/lock                        held by the one process that uses the folder; its pid is in it
    <folder>/products/space.json         the schema and which shard is current; without it there is no collection
    <folder>/products/shard-1/           the engine's files

A collection begins when its note is written and ends when the note is removed, both atomically. Whatever else lies
there was left by a process that was killed half-way, and is removed.
"""

import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from service.core.errors import ConfigurationError, DependencyUnavailable
from service.core.fields import FieldKind
from service.store.vectors import Dense, Space, Sparse

LOCK_FILE = "lock"
NOTE_FILE = "space.json"
# the engine writes through memory maps: on a full disk the process dies of SIGBUS, so stop well before (measured)
MIN_FREE_BYTES = 96 * 2**20

_LOCK_TRIES, _LOCK_PAUSE_S = 10, 0.02
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


@dataclass(frozen=True, slots=True)
class Note:
    """The schema of a collection and the number of its current shard."""

    space: Space
    generation: int = 1

    def shard_folder(self, collection: Path) -> Path:
        """Where the current shard lies."""
        return collection / f"shard-{self.generation}"

    def next(self) -> "Note":
        """The same collection with its next shard."""
        return replace(self, generation=self.generation + 1)


def is_name(name: str) -> bool:
    """Whether a collection can have this name: letters, digits, ``_`` and ``-``, at most 128."""
    return _NAME.fullmatch(name) is not None


def lock_folder(folder: Path) -> TextIO:
    """Make `folder` ours until the returned file is closed or the process ends, however it ends.

    Raises
    ------
    ConfigurationError : another process holds it, or it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK_FILE).open("a+", encoding="ascii")
    except OSError as error:
        raise ConfigurationError(f"cannot use {folder} for vectors: {error}; choose another --data-dir") from error
    if not _is_locked(file):
        holder = _holder(file)
        file.close()
        raise ConfigurationError(
            f"the vector folder {folder} is in use by another process{holder}; "
            "stop it, or use its HTTP API, or choose another --data-dir"
        )
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def read_note(collection: Path) -> Note | None:
    """The note of a collection, or None where there is none."""
    try:
        raw = json.loads((collection / NOTE_FILE).read_text(encoding="utf-8"))
        return Note(parsed_space(raw["space"]), int(raw["generation"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{collection / NOTE_FILE} is damaged ({error}); remove {collection} and run `vitrine index --rebuild`"
        ) from error


def write_note(collection: Path, note: Note) -> None:
    """Replace the note of a collection in one step."""
    temporary = collection / f"{NOTE_FILE}.new"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(asdict(note), file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(collection / NOTE_FILE)


def remove_collection(collection: Path) -> None:
    """End a collection, then remove its files."""
    (collection / NOTE_FILE).unlink(missing_ok=True)
    shutil.rmtree(collection, ignore_errors=True)


def remove_leftovers(collection: Path, note: Note | None) -> None:
    """Remove what a killed process left: a collection without a note, shards that are not current."""
    if note is None:
        shutil.rmtree(collection, ignore_errors=True)
        return
    for path in collection.iterdir():
        if path.is_dir() and path != note.shard_folder(collection):
            shutil.rmtree(path, ignore_errors=True)


def collection_names(folder: Path) -> Iterator[str]:
    """The collections of a folder."""
    return (path.parent.name for path in folder.glob(f"*/{NOTE_FILE}"))


def need_space(folder: Path, more: int = 0) -> None:
    """Refuse to write to a disk that is nearly full.

    Parameters
    ----------
    more : bytes about to be written.

    Raises
    ------
    DependencyUnavailable : less than `MIN_FREE_BYTES` would be left.
    """
    free = shutil.disk_usage(folder).free
    if free - more < MIN_FREE_BYTES:
        raise DependencyUnavailable(
            f"the disk of {folder} has {free >> 20} MB free, but {(more + MIN_FREE_BYTES) >> 20} MB are needed; "
            "free some space and try again: nothing already stored is lost",
            code="disk_full",
        )


def unwritten_bytes(folder: Path) -> int:
    """What the sparse files below a folder may still take from the disk without growing."""
    found = (path.stat() for path in folder.rglob("*") if path.is_file())
    return sum(max(0, stat.st_size - stat.st_blocks * 512) for stat in found)


def write_back(folder: Path) -> None:
    """Have the disk take what was written to the files of a folder, also through memory maps."""
    for path in folder.rglob("*"):
        with suppress(OSError):  # not a file, or removed meanwhile
            file = os.open(path, os.O_RDONLY)
            try:
                os.fsync(file)
            finally:
                os.close(file)


def _is_locked(file: TextIO) -> bool:
    """Try for a moment: a process that was killed while it started a child leaves the lock to that for milliseconds."""
    for _ in range(_LOCK_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(_LOCK_PAUSE_S)
    return False


def _holder(file: TextIO) -> str:
    file.seek(0)
    pid = file.read(20).strip()
    return f" (pid {pid})" if pid else ""


def parsed_space(raw: Mapping[str, Any]) -> Space:
    """The space whose `asdict` went through JSON."""
    return Space(
        raw["name"],
        {slot: Dense(**dense) for slot, dense in raw["dense"].items()},
        {slot: Sparse(**sparse) for slot, sparse in raw["sparse"].items()},
        {field: FieldKind(kind) for field, kind in raw["fields"].items()},
    )
