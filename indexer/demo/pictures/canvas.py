"""An oversized sheet that layers are painted on, and its silhouette."""

import math
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw

from indexer.demo.pictures.paths import Point, Polygon
from indexer.demo.words import RGB

Box = tuple[int, int, int, int]


class Canvas:
    """A sheet of `side` x `side` pixels; coordinates are 0 to 100 before `place` moves them.

    `colour` is black where nothing is painted, `outline` is 255 where something is: together a picture with
    premultiplied transparency, which can be shrunk without fringes.
    """

    def __init__(self, side: int) -> None:
        self.side = side
        self.colour = Image.new("RGB", (side, side))
        self.outline = Image.new("L", (side, side))
        self._on_colour = ImageDraw.Draw(self.colour)
        self._on_outline = ImageDraw.Draw(self.outline)
        self.place()

    def place(self, *, scale: float = 1.0, turn: float = 0.0, dx: float = 0.0, dy: float = 0.0) -> None:
        """Scale and turn (degrees) everything painted from now on about the middle, then move it by dx, dy."""
        unit = self.side / 100
        cos, sin = (scale * unit * part for part in (math.cos(math.radians(turn)), math.sin(math.radians(turn))))
        self._matrix = (cos, -sin, (50 + dx) * unit, sin, cos, (50 + dy) * unit)
        self._unit = unit * scale

    def fill(self, polygon: Polygon, colour: RGB) -> None:
        """Paint a polygon."""
        points = self._moved(polygon)
        self._on_colour.polygon(points, fill=colour)
        self._on_outline.polygon(points, fill=255)

    def stroke(self, polygon: Polygon, colour: RGB, width: float, *, closed: bool) -> None:
        """Paint a line with round ends."""
        points = self._moved(polygon)
        for draw, ink in ((self._on_colour, colour), (self._on_outline, 255)):
            _line(draw, points, ink, self._unit * width, closed)

    def veil(self, polygon: Polygon, colour: RGB, alpha: float, *, clip: bool = True) -> None:
        """Lay a transparent polygon (alpha 0 to 1) over what is painted; unclipped, also over the ground."""
        mask, box = self._mask(self._moved(polygon), round(255 * alpha))
        if clip:
            mask = ImageChops.multiply(mask, self.outline.crop(box))
        else:
            self.outline.paste(ImageChops.lighter(mask, self.outline.crop(box)), box)
        self.colour.paste(colour, box, mask)

    def weave(
        self, polygon: Polygon, inks: Sequence[tuple[Image.Image, RGB]], width: float | None, *, closed: bool
    ) -> None:
        """Paint pattern masks within a polygon, or within a line of `width`."""
        points = self._moved(polygon)
        mask, box = self._mask(points, 255, 0.0 if width is None else self._unit * width, closed)
        for pattern, colour in inks:
            self.colour.paste(colour, box, ImageChops.multiply(mask, pattern.crop(box)))

    def _moved(self, polygon: Polygon) -> list[Point]:
        a, b, c, d, e, f = self._matrix
        return [(a * (x - 50) + b * (y - 50) + c, d * (x - 50) + e * (y - 50) + f) for x, y in polygon]

    def _mask(
        self, points: list[Point], value: int, width: float = 0.0, closed: bool = True
    ) -> tuple[Image.Image, Box]:
        """The polygon (or line) as a mask no larger than it, and where that lies."""
        margin = width / 2 + 1
        xs, ys = [x for x, _ in points], [y for _, y in points]
        box = (
            max(0, int(min(xs) - margin)), max(0, int(min(ys) - margin)),
            min(self.side, int(max(xs) + margin) + 1), min(self.side, int(max(ys) + margin) + 1),
        )  # fmt: skip
        mask = Image.new("L", (max(1, box[2] - box[0]), max(1, box[3] - box[1])))
        shifted = [(x - box[0], y - box[1]) for x, y in points]
        if width:
            _line(ImageDraw.Draw(mask), shifted, value, width, closed)
        else:
            ImageDraw.Draw(mask).polygon(shifted, fill=value)
        return mask, (box[0], box[1], box[0] + mask.width, box[1] + mask.height)


def _line(draw: ImageDraw.ImageDraw, points: list[Point], ink: RGB | int, width: float, closed: bool) -> None:
    if closed:
        draw.line([*points, points[0], points[1]], fill=ink, width=max(1, round(width)), joint="curve")
        return
    draw.line(points, fill=ink, width=max(1, round(width)), joint="curve")
    for x, y in (points[0], points[-1]):
        draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=ink)
