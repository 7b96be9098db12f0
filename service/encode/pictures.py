"""Pictures from files, ``data:`` and http(s) URLs, safely: `load_picture` is the one way in."""

import base64
import binascii
from pathlib import Path
from urllib.parse import unquote_to_bytes

from PIL import Image

from service.encode.picture_decode import ALLOWED, BadPicture, PictureLimits, UnreachablePicture, decode_picture, short

__all__ = ["BadPicture", "PictureLimits", "UnreachablePicture", "decode_picture", "load_picture", "read_picture"]


def load_picture(
    source: str,
    *,
    base: Path | None = None,
    limits: PictureLimits | None = None,
    allow_private: bool = False,
    allow_files: bool = True,
) -> Image.Image:
    """The picture a product or a request names, as upright 8-bit RGB of bounded size.

    Parameters
    ----------
    source : file path, ``data:`` URL or http(s) URL.
    base : folder that relative paths start from and may not leave; without it only absolute paths are read.
    allow_private : whether http(s) may reach loopback, private and link-local addresses.
    allow_files : False for sources that come from a stranger's request: files are then refused.

    Raises
    ------
    BadPicture : whatever is wrong with the source or the picture, in one line.

    Examples
    --------
    >>> load_picture("data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7").size
    (1, 1)
    """
    limits = limits or PictureLimits()
    data = read_picture(source, base=base, limits=limits, allow_private=allow_private, allow_files=allow_files)
    return decode_picture(data, limits, source=source.strip())


def read_picture(
    source: str,
    *,
    base: Path | None = None,
    limits: PictureLimits | None = None,
    allow_private: bool = False,
    allow_files: bool = True,
) -> bytes:
    """The same picture's bytes, not looked at yet; parameters and errors are those of `load_picture`."""
    limits = limits or PictureLimits()
    source = source.strip()
    scheme = source[:8].lower()
    if scheme.startswith("data:"):
        return _from_data_url(source, limits)
    if scheme.startswith(("http://", "https://")):
        # imported here: a shop whose pictures are files needs no network code
        from service.encode.picture_fetch import fetch_picture

        return fetch_picture(source, limits, allow_private=allow_private)
    if "://" in source:
        raise BadPicture(f"{short(source)} is not supported; give a file path, a data: URL or an http(s) URL")
    if not allow_files:
        raise BadPicture(f"{short(source)} is a file path; give a data: URL or an http(s) URL")
    return _from_file(source, base, limits)


def _from_file(source: str, base: Path | None, limits: PictureLimits) -> bytes:
    try:
        path = _resolve(source, base)
        if not path.is_file():  # also refuses devices and pipes, whose reading may never end
            raise BadPicture(f"no picture file at {short(source)}" + (f" under {base}" if base else ""))
        if path.stat().st_size > limits.max_bytes:
            raise BadPicture(
                f"{short(source)} has {path.stat().st_size:,} bytes; at most {limits.max_bytes:,} are accepted"
            )
        with path.open("rb") as file:
            return file.read(limits.max_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        raise BadPicture(f"{short(source)} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _resolve(source: str, base: Path | None) -> Path:
    path = Path(source)
    if not source or path.is_absolute():
        return path
    if base is None:
        raise BadPicture(f"{short(source)} is a relative path and no picture folder is set; give an absolute path")
    inside = (base / path).resolve()
    if not inside.is_relative_to(base.resolve()):
        raise BadPicture(f"{short(source)} leads out of the picture folder {base}")
    return inside


def _from_data_url(source: str, limits: PictureLimits) -> bytes:
    head, comma, body = source[5:].partition(",")
    kind, *options = (part.strip().lower() for part in head[:200].split(";"))
    if not comma or not (kind.startswith("image/") or kind in ("", "application/octet-stream")):
        raise BadPicture(f"{short(source)} is not a data URL of a picture, like data:image/png;base64,…; {ALLOWED}")
    # three encoded characters per byte is the most either encoding needs, so nothing huge is ever decoded
    if len(body) > 3 * limits.max_bytes:
        raise BadPicture(f"{short(source)} is larger than the {limits.max_bytes:,} bytes that are accepted")
    if "base64" not in options:
        return unquote_to_bytes(body)
    try:
        plain = b"".join(unquote_to_bytes(body).split())
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), altchars=_alphabet(plain), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadPicture(f"{short(source)} is not valid base64: {error}") from error


def _alphabet(plain: bytes) -> bytes | None:
    """The URL-safe alphabet where it is used."""
    return b"-_" if b"-" in plain or b"_" in plain else None
