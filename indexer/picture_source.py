"""Product pictures for the encoder: fetched side by side, bad ones counted, dead hosts left alone."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from service.encode.pictures import BadPicture, UnreachablePicture

if TYPE_CHECKING:
    from PIL import Image

log = structlog.get_logger()

HOST_GIVEN_UP = "picture_host_given_up"
PICTURE_ERROR = "picture_error"


class PictureSource:
    """Loads pictures for one indexing run.

    Parameters
    ----------
    load : source -> picture; raises `BadPicture`.
    workers : pictures fetched at once.
    host_failures : consecutive times without an answer after which a host is not asked again in this run, so that an
        unreachable one costs seconds, not a time-out per product.

    Attributes
    ----------
    problems : reason code -> number of pictures skipped.
    """

    def __init__(self, load: "Callable[[str], Image.Image]", workers: int, host_failures: int) -> None:
        self._load = load
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="pictures")
        self._host_failures = host_failures
        self._failures: Counter[str] = Counter()
        self._lock = Lock()
        self.problems: Counter[str] = Counter()

    def fetch(self, sources: Sequence[str | None]) -> "list[Image.Image | None]":
        """The pictures in order; None where there is none or it cannot be used."""
        return list(self._pool.map(self._fetch_one, sources))

    def close(self) -> None:
        """Stop the workers."""
        self._pool.shutdown(cancel_futures=True)

    def _fetch_one(self, source: str | None) -> "Image.Image | None":
        if not source:
            return None
        host = _host(source)
        if host and self._failures[host] >= self._host_failures:
            self._skip(HOST_GIVEN_UP)
            return None
        try:
            picture = self._load(source)
        except BadPicture as error:
            # a host that answers, if only that there is no such picture, is alive
            self._skip(error.code, host if isinstance(error, UnreachablePicture) else "")
        except Exception as error:  # no picture, however odd, may keep the rest of the shop out of the index
            log.warning("picture_failed", source=source[:200], error=str(error), exc_info=True)
            self._skip(PICTURE_ERROR)
        else:
            with self._lock:
                self._failures[host] = 0
            return picture
        return None

    def _skip(self, reason: str, failed_host: str = "") -> None:
        with self._lock:
            self.problems[reason] += 1
            if failed_host:
                self._failures[failed_host] += 1


def _host(source: str) -> str:
    """Host and port of an http(s) URL, by which failures are counted; empty for anything else."""
    try:
        url = urlsplit(source.strip())
    except ValueError:  # half an IPv6 address; the loader says so too
        return ""
    return url.netloc.lower() if url.scheme in ("http", "https") else ""
