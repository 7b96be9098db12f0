"""Surface patterns as masks of the drawing sheet; a shape's body is painted through them."""

import math
from collections.abc import Callable
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw

Plane = Image.Image
_PERIOD = 10.5  # of 100: large enough to be seen in a 64-pixel thumbnail


@lru_cache(maxsize=64)
def pattern_masks(pattern: str, variant: int, side: int) -> tuple[Plane, ...]:
    """Masks (mode L, `side` x `side`) of a pattern: the first is its main colour, a second one its centres.

    Parameters
    ----------
    pattern : key of the vocabulary; ``"solid"`` has no masks.
    variant : 0, 1 or 2 turns stripes (and, less visibly, the rest).
    """
    if pattern == "solid":
        return ()
    return tuple(_turned(layer, variant, side) for layer in _PAINTERS[pattern](side))


def _turned(mask: Plane, variant: int, side: int) -> Plane:
    """Turn a mask drawn on a sheet 1.5 times as wide, and cut the middle out."""
    angle = (0, 90, 45)[variant]
    margin = mask.width // 2 - side // 2
    turned = mask.rotate(angle, resample=Image.Resampling.NEAREST)
    return turned.crop((margin, margin, margin + side, margin + side))


def _sheet(side: int) -> tuple[Plane, ImageDraw.ImageDraw, int, float]:
    width = side * 3 // 2
    mask = Image.new("L", (width, width))
    return mask, ImageDraw.Draw(mask), width, side * _PERIOD / 100


def _stripes(side: int) -> list[Plane]:
    mask, draw, width, period = _sheet(side)
    for row in range(int(width / period) + 1):
        draw.rectangle((0, row * period, width, (row + 0.42) * period), fill=255)
    return [mask]


def _checks(side: int) -> list[Plane]:
    mask = Image.new("L", (side * 3 // 2,) * 2)
    draw, period, width = ImageDraw.Draw(mask), side * 0.13, mask.width
    for row in range(int(width / period) + 1):
        draw.rectangle((0, row * period, width, (row + 0.45) * period), fill=120)
    crossed = mask.transpose(Image.Transpose.ROTATE_90)
    # Where two half-transparent bands cross they add up, as in woven plaid.
    return [ImageChops.add(mask, crossed)]


def _dots(side: int) -> list[Plane]:
    mask, draw, width, period = _sheet(side)
    for x, y in _staggered(width, period * 1.05):
        _disc(draw, x, y, period * 0.31)
    return [mask]


def _zigzag(side: int) -> list[Plane]:
    mask, draw, width, period = _sheet(side)
    step = period * 0.62
    for row in range(-1, int(width / period) + 2):
        points = [(x * step, row * period * 1.15 + (x % 2) * step) for x in range(int(width / step) + 2)]
        draw.line(points, fill=255, width=int(period * 0.42), joint="curve")
    return [mask]


def _flowers(side: int) -> list[Plane]:
    petals, draw, width, period = _sheet(side)
    centres = Image.new("L", petals.size)
    middle = ImageDraw.Draw(centres)
    for number, (x, y) in enumerate(_staggered(width, period * 1.55)):
        size = period * (0.27 if number % 2 else 0.22)
        for petal in range(5):
            turn = 2 * math.pi * petal / 5 + number
            _disc(draw, x + size * 1.15 * math.cos(turn), y + size * 1.15 * math.sin(turn), size)
        _disc(middle, x, y, size * 0.75)
    return [petals, centres]


def _stars(side: int) -> list[Plane]:
    mask, draw, width, period = _sheet(side)
    for number, (x, y) in enumerate(_staggered(width, period * 1.3)):
        size = period * (0.62 if number % 2 else 0.46)
        corners = []
        for corner in range(10):
            turn, reach = math.pi * corner / 5 - math.pi / 2 + 0.3 * (number % 3), size * (0.45 if corner % 2 else 1)
            corners.append((x + reach * math.cos(turn), y + reach * math.sin(turn)))
        draw.polygon(corners, fill=255)
    return [mask]


def _staggered(width: int, period: float) -> list[tuple[float, float]]:
    rows = int(width / period * 1.2) + 2
    return [
        (column * period + (row % 2) * period / 2, row * period * 0.86)
        for row in range(rows)
        for column in range(int(width / period) + 2)
    ]


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)


_PAINTERS: dict[str, Callable[[int], list[Plane]]] = {
    "striped": _stripes,
    "checked": _checks,
    "dotted": _dots,
    "zigzag": _zigzag,
    "floral": _flowers,
    "starry": _stars,
}
