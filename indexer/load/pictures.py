"""Where a product's picture is: the reference in its row, or a file named after its id."""

import re
from collections.abc import Mapping
from pathlib import Path

from indexer.load.limits import DATA_URL_CHARS, LINK_CHARS
from indexer.load.reasons import Reason

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif"})
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters or more: C: is a drive


def find_pictures(folder: Path | None) -> Mapping[str, str]:
    """Pictures by the name they have without suffix, in a folder and one level below it; empty without a folder."""
    if folder is None:
        return {}
    files = (*folder.glob("*/*"), *folder.iterdir())
    return {path.stem: str(path.absolute()) for path in sorted(files) if path.suffix.lower() in _SUFFIXES}


def parse_image(raw: str, folder: Path) -> tuple[str | None, tuple[Reason, ...]]:
    """A reference to a picture; it is kept as it is, whether or not a picture is there.

    Parameters
    ----------
    folder : what relative paths begin at.

    Examples
    --------
    >>> parse_image("photos/1.jpg", Path("/shop"))
    ('/shop/photos/1.jpg', ())
    >>> parse_image("//cdn.example.com/1.jpg", Path("/shop"))[0]
    'https://cdn.example.com/1.jpg'
    """
    text = _CONTROL.sub("", raw).strip()
    if len(text) > (DATA_URL_CHARS if text[:5].lower() == "data:" else LINK_CHARS):
        return None, (Reason.IMAGE_TOO_LONG,)
    if text.startswith("//"):
        return f"https:{text}", ()
    if not text or _SCHEME.match(text):
        return text or None, ()
    return str((folder / text).absolute()), ()


def parse_link(raw: str) -> tuple[str | None, tuple[Reason, ...]]:
    """An http(s) URL or a path; a shop page shows it as a link, so no other scheme is let through.

    Examples
    --------
    >>> parse_link("javascript:alert(1)")
    (None, (<Reason.LINK_NOT_HTTP: 'link_not_http'>,))
    """
    text = _CONTROL.sub("", raw).strip()
    if len(text) > LINK_CHARS:
        return None, (Reason.LINK_TOO_LONG,)
    scheme = re.match(r"\s*([A-Za-z][A-Za-z0-9+.-]*)\s*:(?!\d)", text)
    if scheme and scheme[1].lower() not in ("http", "https"):
        return None, (Reason.LINK_NOT_HTTP,)
    return text or None, ()
