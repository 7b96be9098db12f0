"""A folder of small files that can be made again: bounded in size, the longest unused ones go first."""

import os
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock
from uuid import uuid4

import structlog

log = structlog.get_logger()

_EVERY_S = 3600.0  # how often reading a file marks it as used: once is enough to know the old ones
_LEFT = 0.8  # of the limit, after tidying up: so that not every new file does


class FileCache:
    """Bytes by name, on disk. Never raises for want of a disk: what cannot be kept is not kept, and logged.

    Parameters
    ----------
    folder : made when the first file comes; several processes may share it. max_bytes : of all files.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._bytes: int | None = None  # not counted yet
        self._lock = Lock()

    def get(self, name: str, *, max_age_s: float | None = None) -> bytes | None:
        """The bytes under a name; None where there are none, or older ones than asked for."""
        path = self._path(name)
        try:
            data = path.read_bytes()
            status = path.stat()
        except OSError:
            return None
        if max_age_s is not None and time.time() - status.st_mtime > max_age_s:
            return None
        if time.time() - status.st_atime > _EVERY_S:
            with suppress(OSError):
                os.utime(path, (time.time(), status.st_mtime))
        return data

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes under a name: whole or not at all."""
        path = self._path(name)
        half = path.with_name(f"{path.name}.{uuid4().hex}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            half.write_bytes(data)
            os.replace(half, path)
            with self._lock:
                self._bytes = self._count() if self._bytes is None else self._bytes + len(data)
                if self._bytes > self._max_bytes:
                    self._bytes = self._tidy()
        except OSError as error:
            log.warning("file_not_kept", folder=str(self._folder), error=str(error))
            with suppress(OSError):
                half.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _files(self) -> list[tuple[float, int, Path]]:
        """When each file was last used, its bytes, and where it lies."""
        found = []
        for path in self._folder.glob("??/*"):
            with suppress(OSError):  # another process tidies up as well
                status = path.stat()
                found.append((max(status.st_atime, status.st_mtime), status.st_size, path))
        return found

    def _count(self) -> int:
        return sum(size for _, size, _ in self._files())

    def _tidy(self) -> int:
        files = sorted(self._files())
        kept = sum(size for _, size, _ in files)
        for _, size, path in files:
            if kept <= self._max_bytes * _LEFT:
                break
            with suppress(OSError):
                path.unlink()
            kept -= size
        return kept
