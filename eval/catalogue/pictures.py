"""Pictures that are not there any more."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from indexer.picture_source import PictureSource
from service.encode.pictures import BadPicture, UnreachablePicture

if TYPE_CHECKING:
    from PIL import Image

_BATCH = 32  # decoded pictures are large


def kind_of(source: str | None) -> str:
    """``none``, ``url``, ``data`` or ``file``.

    Examples
    --------
    >>> [kind_of(s) for s in (None, "https://a/b.png", "data:image/gif;base64,R0", "/shop/mug.jpg")]
    ['none', 'url', 'data', 'file']
    """
    start = (source or "").strip().lower()
    if start.startswith(("http://", "https://")):
        return "url"
    return "none" if not start else "data" if start.startswith("data:") else "file"


def count_kinds(sources: Sequence[str | None]) -> dict[str, int]:
    """Products per kind of picture."""
    found = Counter(map(kind_of, sources))
    return {kind: found[kind] for kind in ("none", "file", "data", "url")}


def missing_files(sources: Sequence[str | None]) -> dict[str, str]:
    """Sources that name a file which is not there or empty, and why."""
    files = {source for source in sources if source and kind_of(source) == "file"}
    return {source: why for source in sorted(files) if (why := _trouble(source))}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of asking for some pictures.

    Attributes
    ----------
    asked : pictures. dead : source -> why it cannot be used, though its host answers.
    unanswered : pictures whose host did not answer, or did not so often that it was left alone. hosts : which.
    """

    asked: int
    dead: dict[str, str]
    unanswered: int
    hosts: tuple[str, ...]


def fetch_all(
    sources: Sequence[str],
    load: "Callable[[str], Image.Image]",
    *,
    workers: int,
    host_failures: int,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Fetched:
    """Ask for every picture as the indexer would."""
    dead: dict[str, str] = {}
    hosts: set[str] = set()

    def note(source: str) -> "Image.Image":
        try:
            return load(source)
        except UnreachablePicture:
            hosts.add(urlsplit(source).netloc)
            raise
        except BadPicture as error:
            dead[source] = error.message
            raise

    usable = 0
    source = PictureSource(note, workers, host_failures)
    try:
        for start in range(0, len(sources), _BATCH):
            some = sources[start : start + _BATCH]
            usable += sum(picture is not None for picture in source.fetch(some))
            on_progress(len(some))
    finally:
        source.close()
    unanswered = len(sources) - usable - len(dead)
    return Fetched(len(sources), dict(sorted(dead.items())), unanswered, tuple(sorted(hosts)))


def _trouble(source: str) -> str | None:
    try:
        path = Path(source.strip())
        if not path.is_absolute():
            return "a relative path; the service reads absolute ones"
        if not path.is_file():
            return "no such file"
        return None if path.stat().st_size else "an empty file"
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        return str(getattr(error, "strerror", None) or error)
