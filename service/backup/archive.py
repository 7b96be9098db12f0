"""A backup is a folder, or one file with that folder in it: there as a whole or not at all."""

import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import GzipFile
from pathlib import Path
from tempfile import TemporaryDirectory

from service.backup.manifest import Manifest, check_files, damaged, is_inside, read_manifest
from service.core.errors import Conflict

_ENDINGS = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz"}
_UNFINISHED = ".unfinished"


@contextmanager
def made_whole(path: Path) -> Iterator[Path]:
    """A folder to be filled; when the block ends well it is at `path`, packed if that ends in .tar, .tar.gz or .tgz.

    It is readable for its owner only: a backup holds what people did and how they sign in.

    Raises
    ------
    Conflict : there is something at `path` already.
    """
    if path.exists() and (path.is_file() or any(path.iterdir())):
        raise Conflict(f"{path} exists already; choose another name for the backup", code="backup_exists")
    draft = path.with_name(f"{path.name}{_UNFINISHED}")
    shutil.rmtree(draft, ignore_errors=True)  # of a backup that was killed
    draft.mkdir(parents=True, mode=0o700)
    try:
        yield draft
        mode = _mode(path)
        if mode is None:
            if path.exists():
                path.rmdir()
            draft.rename(path)
        else:
            _pack(draft, path, mode)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def opened_backup(path: Path, work: Path) -> Iterator[tuple[Manifest, Path]]:
    """A backup whose every file has been checked, and the folder it lies in.

    Parameters
    ----------
    work : where a packed backup is unpacked; made if missing.

    Raises
    ------
    InvalidQuery : it is none, not whole, or altered; one line says what.
    """
    if path.is_dir():
        manifest = read_manifest(path)
        check_files(path, manifest)
        yield manifest, path
        return
    if not path.is_file():
        raise damaged(f"there is no backup at {path}; name the folder or the file that `vitrine backup` made")
    work.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".restore-", dir=work) as made:
        folder = Path(made)
        _unpack(path, folder)
        manifest = read_manifest(folder)
        check_files(folder, manifest)
        yield manifest, folder


def _mode(path: Path) -> str | None:
    return next((mode for ending, mode in _ENDINGS.items() if path.name.endswith(ending)), None)


def _pack(folder: Path, path: Path, mode: str) -> None:
    draft = folder / "packed.tar"
    names = sorted(child.name for child in folder.iterdir())
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode=mode) as tar:  # type: ignore[call-overload]
            for name in names:
                tar.add(folder / name, arcname=name)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def _unpack(path: Path, folder: Path) -> None:
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                if not is_inside(member.name) or not (member.isfile() or member.isdir()):
                    raise damaged(f"{path} is no backup: it holds {member.name!r}")
                tar.extract(member, folder, filter="data")
            _check_end(path, tar)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise damaged(f"{path} is no backup, or is cut off or altered ({_reason(error)}); take another") from error


def _check_end(path: Path, tar: tarfile.TarFile) -> None:
    """See that nothing is cut off, not even of what follows the last file."""
    if not isinstance(tar.fileobj, GzipFile):
        if path.stat().st_size % tarfile.RECORDSIZE:
            raise damaged(f"{path} is cut off or altered; take another")
        return
    while tar.fileobj.read(2**20):  # up to its checksum
        pass


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].rstrip(":")
