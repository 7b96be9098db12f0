"""Small pictures for pages: scaled down and encoded; a neutral one where a product has none."""

from dataclasses import replace
from enum import IntEnum, StrEnum
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw

from service.encode.picture_decode import PictureLimits

TALLEST = 2
"""A thumbnail is at most so many times as high as it is wide."""

_QUALITY = 80
_PAPER, _INK = (238, 238, 238), (205, 205, 205)
_FINER = 4  # Pillow draws without smoothing: drawn larger, then scaled down


class Width(IntEnum):
    """Widths there are, in pixels: of few sizes each is often asked for again."""

    SMALL = 160
    MEDIUM = 320
    LARGE = 640


class Kind(StrEnum):
    """How a thumbnail is encoded."""

    WEBP = "image/webp"
    JPEG = "image/jpeg"


def thumbnail_limits(limits: PictureLimits) -> PictureLimits:
    """The same limits for pictures that become thumbnails: nothing larger than the largest one needs is decoded."""
    return replace(limits, max_side=TALLEST * max(Width))


def thumbnail(picture: Image.Image, width: int, kind: Kind) -> bytes:
    """A picture scaled down to a width and encoded; a smaller one keeps its size.

    Examples
    --------
    >>> small = Image.open(BytesIO(thumbnail(Image.new("RGB", (800, 1200)), 160, Kind.WEBP)))
    >>> small.format, small.size
    ('WEBP', (160, 240))
    """
    small = picture.copy()
    small.thumbnail((width, TALLEST * width), Image.Resampling.LANCZOS)
    return _encoded(small, kind)


@lru_cache(maxsize=len(Width) * len(Kind))
def placeholder(width: int, kind: Kind) -> bytes:
    """A grey square with the outline of a picture: `width` pixels each way, and no words in any language.

    Examples
    --------
    >>> Image.open(BytesIO(placeholder(320, Kind.JPEG))).size
    (320, 320)
    """
    side = width * _FINER
    paper = Image.new("RGB", (side, side), _PAPER)
    draw = ImageDraw.Draw(paper)
    left, top, right, bottom = (round(side * share) for share in (0.32, 0.36, 0.68, 0.64))
    draw.rounded_rectangle((left, top, right, bottom), radius=side // 50, outline=_INK, width=side // 60)
    sun = round(side * 0.035)
    draw.ellipse((left + sun * 2, top + sun * 2, left + sun * 4, top + sun * 4), fill=_INK)
    floor = bottom - side // 60
    hills = ((0.36, floor), (0.47, side * 0.52), (0.53, side * 0.57), (0.58, side * 0.49), (0.66, floor))
    draw.polygon([(side * x if x < 1 else x, y) for x, y in hills], fill=_INK)
    return _encoded(paper.resize((width, width), Image.Resampling.LANCZOS), kind)


def _encoded(picture: Image.Image, kind: Kind) -> bytes:
    buffer = BytesIO()
    if kind is Kind.WEBP:
        picture.save(buffer, "WEBP", quality=_QUALITY, method=4)
    else:
        picture.save(buffer, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return buffer.getvalue()
