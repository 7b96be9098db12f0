"""Scripts and styles of the pages, kept in memory; their address holds a hash of all, so browsers may keep them."""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".webmanifest": "application/json"}
_TAG = 12


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is sent; `packed` is the same for browsers that take gzip."""

    body: bytes
    packed: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Library:
    """All static files.

    Attributes
    ----------
    tag : of their contents together. One for all, so that a script finds the others beside itself, of the same age.
    """

    tag: str
    files: Mapping[str, StaticFile]

    def url(self, path: str) -> str:
        """Where a browser finds a file.

        Raises
        ------
        KeyError : there is no such file.
        """
        if path not in self.files:
            raise KeyError(path)
        return f"/static/{self.tag}/{path}"


@cache
def library() -> Library:
    """The files that come with the package, read once."""
    folder = files("service.storefront").joinpath("static")
    found = {path: _static_file(path, entry.read_bytes()) for path, entry in sorted(_below(folder, ""))}
    digest = hashlib.sha256()
    for path, one in found.items():
        digest.update(f"{path}\0{len(one.body)}\0".encode() + one.body)
    return Library(digest.hexdigest()[:_TAG], found)


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{prefix}{entry.name}/")
        elif _suffix(entry.name) in _TYPES:
            yield prefix + entry.name, entry


def _static_file(path: str, body: bytes) -> StaticFile:
    return StaticFile(body, gzip.compress(body, mtime=0), _TYPES[_suffix(path)])


def _suffix(name: str) -> str:
    return name[name.rfind(".") :]
