"""Thumbnails of products' pictures: made once, away from everything that answers, and kept on disk."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit

import structlog
from cachetools import TTLCache
from PIL import Image

from service.encode.pictures import BadPicture, UnreachablePicture
from service.encode.thumbnails import Kind, placeholder, thumbnail
from service.store.file_cache import FileCache

log = structlog.get_logger()

MADE_AT_ONCE = max(1, min(2, os.cpu_count() or 1))  # 40 million pixels take up to 0.6 GB for a moment
FETCHED_AT_ONCE = 8
MOST_WAITING = 500  # a page asks for some dozens at once
NO_PICTURE, BUSY, FAILED = "no_picture", "busy", "picture_error"

_AGE_S = 86_400.0  # what lies behind a URL may change without telling
_SORRY_S = 60.0  # so long is a picture that could not be had not asked for again
_SORRIES = 10_000

Read = Callable[[str], bytes]
Decode = Callable[[bytes, str], Image.Image]


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture as it is sent.

    Attributes
    ----------
    missing : why it is the placeholder; None where it is the product's own.
    """

    data: bytes
    missing: str | None = None


class Thumbnails:
    """Makes thumbnails and keeps them; however many ask for one at once, it is made once.

    Parameters
    ----------
    read, decode : a picture's bytes from its source, and the picture from these and the source; raise `BadPicture`.
    host_failures : times without an answer within a minute after which a host is left alone for the rest of it.
    """

    def __init__(self, read: Read, decode: Decode, files: FileCache, host_failures: int) -> None:
        self._read = read
        self._decode = decode
        self._files = files
        self._host_failures = host_failures
        # those that wait for a network hold up none that only need to be decoded
        self._fetching = ThreadPoolExecutor(FETCHED_AT_ONCE, "fetch-thumbnail")
        self._making = ThreadPoolExecutor(MADE_AT_ONCE, "make-thumbnail")
        self._under_way: dict[str, Future[Thumbnail]] = {}
        self._sorry: TTLCache[str, str] = TTLCache(_SORRIES, _SORRY_S)
        self._failures: TTLCache[str, int] = TTLCache(_SORRIES, _SORRY_S)
        self._lock = Lock()

    def find(self, source: str | None, width: int, kind: Kind) -> Thumbnail | Future[Thumbnail]:
        """The thumbnail of a source: at once where it is kept or cannot be had, or else soon; reads the disk.

        Parameters
        ----------
        source : the picture as the product names it. width : in pixels.
        """
        source = (source or "").strip()
        version = _version(source)
        if version is None:
            return _instead(width, kind, NO_PICTURE)
        name = _digest(f"{width} {kind} {version} {source}")
        host = _host(source)
        if kept := self._files.get(name, max_age_s=_AGE_S if host else None):
            return Thumbnail(kept)
        with self._lock:
            if why := self._why_not(source, host):
                return self._older(name) or _instead(width, kind, why)
            if under_way := self._under_way.get(name):
                return under_way
            if len(self._under_way) >= MOST_WAITING:
                return _instead(width, kind, BUSY)
            pool, work = (self._fetching, self._fetched) if host else (self._making, self._read_here)
            future = pool.submit(work, source, width, kind, name, host)
            self._under_way[name] = future
        future.add_done_callback(lambda _: self._done(name))
        return future

    def close(self) -> None:
        """Wait for what is begun; what waits is let go."""
        self._fetching.shutdown(cancel_futures=True)
        self._making.shutdown(cancel_futures=True)

    def _done(self, name: str) -> None:
        with self._lock:
            self._under_way.pop(name, None)

    def _why_not(self, source: str, host: str) -> str | None:
        if host and self._failures.get(host, 0) >= self._host_failures:
            return UnreachablePicture.code
        return self._sorry.get(_digest(source))

    def _fetched(self, source: str, width: int, kind: Kind, name: str, host: str) -> Thumbnail:
        try:
            data = self._read(source)
        except BadPicture as error:
            return self._refused(source, width, kind, name, error.code, host)
        # made where it is counted how many are at once; this thread has nothing else to do
        return self._making.submit(self._made, data, source, width, kind, name).result()

    def _read_here(self, source: str, width: int, kind: Kind, name: str, _: str) -> Thumbnail:
        try:
            data = self._read(source)
        except BadPicture as error:
            return self._refused(source, width, kind, name, error.code)
        return self._made(data, source, width, kind, name)

    def _made(self, data: bytes, source: str, width: int, kind: Kind, name: str) -> Thumbnail:
        try:
            small = thumbnail(self._decode(data, source), width, kind)
        except BadPicture as error:
            return self._refused(source, width, kind, name, error.code)
        except Exception as error:  # no picture, however odd, breaks the page it is on
            log.warning("picture_failed", source=source[:200], error=str(error), exc_info=True)
            return self._refused(source, width, kind, name, FAILED)
        self._files.put(name, small)
        return Thumbnail(small)

    def _refused(self, source: str, width: int, kind: Kind, name: str, why: str, host: str = "") -> Thumbnail:
        with self._lock:
            self._sorry[_digest(source)] = why
            if host and why == UnreachablePicture.code:
                self._failures[host] = self._failures.get(host, 0) + 1
        return self._older(name) or _instead(width, kind, why)

    def _older(self, name: str) -> Thumbnail | None:
        """What was kept before: better than none while its host does not answer."""
        kept = self._files.get(name)
        return Thumbnail(kept) if kept else None


def _instead(width: int, kind: Kind, why: str) -> Thumbnail:
    return Thumbnail(placeholder(width, kind), why)


def _version(source: str) -> str | None:
    """What changes with the picture behind a source, as far as can be told; None where there is none."""
    if not source or _host(source) or source[:5].lower() == "data:":
        return "" if source else None
    try:
        status = Path(source).stat()
    except (OSError, ValueError):  # ValueError: a NUL byte in the path
        return None
    return f"{status.st_mtime_ns} {status.st_size}"


def _digest(source: str) -> str:
    return blake2b(source.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _host(source: str) -> str:
    """Host and port of an http(s) URL; empty for anything else."""
    if source[:4].lower() != "http":
        return ""
    try:
        url = urlsplit(source)
    except ValueError:  # half an IPv6 address; the loader says so too
        return ""
    return url.netloc.lower() if url.scheme in ("http", "https") else ""
