"""Pictures with their captions: what an image model learns from."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from service.core.errors import InvalidQuery
from service.encode.pictures import BadPicture, load_picture

MAX_CAPTIONS = 64
_LOADERS = 8


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture (or where it is: file path, ``data:`` or http(s) URL) and one or more captions of it."""

    picture: str | Image.Image
    captions: tuple[str, ...]


def read_pairs(path: Path) -> Iterator[Pair]:
    """The pairs of a JSON Lines file: ``{"image": "shoes/1.jpg", "captions": ["red running shoes"]}``.

    Raises
    ------
    InvalidQuery : a line that is not such an object; says which.
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _pair(line, f"{path.name} line {number}")
    except OSError as error:
        raise InvalidQuery(f"{path} cannot be read: {error.strerror}; give a JSON Lines file of pairs") from error


def load_pairs(
    pairs: Iterable[Pair], base: Path | None, allow_private: bool
) -> Iterator[tuple[Pair, Image.Image | None]]:
    """Each pair with its picture, in order; None where the picture is bad."""

    def load(pair: Pair) -> tuple[Pair, Image.Image | None]:
        if isinstance(pair.picture, Image.Image):
            return pair, pair.picture
        try:
            return pair, load_picture(pair.picture, base=base, allow_private=allow_private)
        except BadPicture:
            return pair, None

    with ThreadPoolExecutor(_LOADERS) as loaders:
        yield from loaders.map(load, pairs)


def _pair(line: bytes, where: str) -> Pair:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidQuery(f"{where} is not JSON: {error}") from error
    image, captions = (raw.get("image"), _texts(raw.get("captions"))) if isinstance(raw, dict) else (None, ())
    if not isinstance(image, str) or not captions:
        raise InvalidQuery(f'{where} must be like {{"image": "shoes/1.jpg", "captions": ["red running shoes"]}}')
    return Pair(image, captions)


def _texts(captions: object) -> tuple[str, ...]:
    """One text or a list of texts; nothing where it is neither."""
    found = (captions,) if isinstance(captions, str) else tuple(captions) if isinstance(captions, list) else ()
    return found[:MAX_CAPTIONS] if all(isinstance(text, str) and text.strip() for text in found) else ()
