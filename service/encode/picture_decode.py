"""Picture bytes to an upright RGB picture of bounded size, or one clear refusal."""

import io
import struct
import warnings
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

from service.core.errors import InvalidQuery

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
ALLOWED = "allowed are JPEG, PNG, GIF, WebP, AVIF, BMP and TIFF pictures"

# Pillow warns about every oddity of a file's tags; the shop can act on refusals only
warnings.filterwarnings("ignore", module=r"PIL\.")

# what Pillow's decoders are known to raise on broken input; warnings count where they are made errors
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, MemoryError, AttributeError,
    struct.error, zlib.error, Image.DecompressionBombError, Warning,
)  # fmt: skip


_SHRINKABLE = ("L", "LA", "RGB", "RGBA", "CMYK")


class BadPicture(InvalidQuery):
    """A picture that cannot be fetched, is too large, or is none."""

    code = "bad_picture"


class UnreachablePicture(BadPicture):
    """A picture whose host does not answer: other pictures there will fail the same way."""

    code = "picture_unreachable"


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """How much time and memory one picture may cost.

    Parameters
    ----------
    max_bytes : of the file as stored or sent. max_pixels : width x height, checked before decoding.
    max_side : larger pictures are shrunk to this many pixels at decoding; encoders look at 64 to 512.
    connect_timeout_s, read_timeout_s : for one connection and for one read.
    deadline_s : for everything, redirects included. max_redirects : each target is checked like the first.
    """

    max_bytes: int = 10_000_000
    max_pixels: int = 40_000_000
    max_side: int = 1024
    connect_timeout_s: float = 3.0
    read_timeout_s: float = 5.0
    deadline_s: float = 15.0
    max_redirects: int = 3


def decode_picture(data: bytes, limits: PictureLimits | None = None, *, source: str | None = None) -> Image.Image:
    """The picture in `data`: first frame, EXIF orientation applied, transparency over white, 8-bit RGB.

    Parameters
    ----------
    source : what to call the picture in an error.

    Raises
    ------
    BadPicture : empty, not a picture, truncated, or more bytes or pixels than `limits` allow.

    Examples
    --------
    >>> buffer = io.BytesIO()
    >>> Image.new("L", (3, 2), 7).save(buffer, "PNG")
    >>> picture = decode_picture(buffer.getvalue())
    >>> picture.mode, picture.size, picture.getpixel((0, 0))
    ('RGB', (3, 2), (7, 7, 7))
    """
    limits = limits or PictureLimits()
    name = "the picture" if source is None else short(source)
    if not data:
        raise BadPicture(f"{name} is empty; {ALLOWED}")
    if len(data) > limits.max_bytes:
        raise BadPicture(f"{name} has {len(data):,} bytes; at most {limits.max_bytes:,} are accepted")
    try:
        # Pillow reads the header only here, so the size is known before any pixel is decoded
        picture = Image.open(io.BytesIO(data), formats=_formats())
    except Image.DecompressionBombError as error:
        raise BadPicture(
            f"{name} has far more than the {limits.max_pixels:,} pixels that are accepted, scale it down"
        ) from error
    except _BROKEN as error:
        raise BadPicture(f"{name} {_what_is(data)}; {ALLOWED}") from error
    width, height = picture.size
    if width * height > limits.max_pixels:
        raise BadPicture(
            f"{name} has {width} x {height} pixels; at most {limits.max_pixels:,} pixels are accepted, scale it down"
        )
    try:
        return _upright_rgb(picture, limits.max_side)
    except _BROKEN as error:
        raise BadPicture(f"{name} is a broken or truncated {picture.format} file; save it again") from error


def short(source: str) -> str:
    """A source as it appears in an error: never a whole ``data:`` URL.

    Examples
    --------
    >>> short("data:image/png;base64," + "A" * 500)
    "'data:image/png;base64,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA…' (522 characters)"
    """
    if len(source) <= 120:
        return repr(source)
    kept = 61 if source.startswith("data:") else 100
    return f"{source[:kept] + '…'!r} ({len(source):,} characters)"


def _formats() -> list[str]:
    """The formats this Pillow can read; AVIF depends on how it was built."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _upright_rgb(picture: Image.Image, max_side: int) -> Image.Image:
    picture.draft("RGB", (max_side, max_side))  # lets a JPEG decode at 1/2, 1/4 or 1/8 of its size
    picture.load()
    orientation = picture.getexif().get(0x0112, 1) if _has_exif(picture) else 1
    if picture.mode in _SHRINKABLE and "transparency" not in picture.info:
        picture.thumbnail((max_side, max_side))  # first, because every conversion is a copy of all pixels
    rgb = _to_rgb(picture)
    rgb.thumbnail((max_side, max_side))
    if orientation in range(2, 9):
        rgb.getexif()[0x0112] = orientation
        rgb = ImageOps.exif_transpose(rgb)
    return rgb


def _has_exif(picture: Image.Image) -> bool:
    try:
        return 0x0112 in picture.getexif()
    except _BROKEN:  # broken EXIF in a sound picture: the pixels are still right
        return False


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith(("I", "F")):
        picture = _to_8_bit(picture)
    if picture.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in picture.info:
        over = picture.convert("RGBA")
        paper = Image.new("RGBA", over.size, "white")
        return Image.alpha_composite(paper, over).convert("RGB")
    return picture.convert("RGB") if picture.mode != "RGB" else picture.copy()


def _to_8_bit(picture: Image.Image) -> Image.Image:
    """16-bit and float greys by their range; Pillow's own conversion clips at 255."""
    values = np.nan_to_num(np.asarray(picture, dtype=np.float32))
    top = 65535.0 if picture.mode.startswith("I") else max(float(values.max(initial=0.0)), 1e-9)
    return Image.fromarray((values / top * 255).clip(0, 255).astype(np.uint8))


def _what_is(data: bytes) -> str:
    start = data[:512].lstrip().lower()
    if start.startswith(b"%pdf"):
        return "is a PDF document"
    if b"<svg" in start:
        return "is an SVG drawing"
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "is a web page"
    return "is not a picture, or its header is broken"
