"""From a product's look to its picture."""

from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from indexer.demo.look import DemoProduct, Look
from indexer.demo.pictures.canvas import Canvas
from indexer.demo.pictures.layers import Layer, shape
from indexer.demo.pictures.palette import mix, palette
from indexer.demo.pictures.patterns import pattern_masks
from indexer.demo.words import RGB, words

SIDE = 256
OVERSAMPLING = 3
_SHADOW_ALPHA = 0.26
_VEILS = {"shade": 0.13, "glow": 0.45}


def draw_product(item: DemoProduct) -> Image.Image:
    """The product's picture, RGB, 256 x 256."""
    return draw_look(item.look)


def draw_look(look: Look, side: int = SIDE) -> Image.Image:
    """Draw a look; the same look gives the same pixels.

    Parameters
    ----------
    side : width and height in pixels; 64 is enough to train a small model and much faster.

    Examples
    --------
    >>> look = Look("mug", "kitchen", "Fenna", "green", "leaf green", "dotted", "ceramic")
    >>> draw_look(look, 64).size
    (64, 64)
    """
    canvas = Canvas(side * OVERSAMPLING)
    colours = palette(look)
    figure = shape(look.type, look.variant)
    if figure.is_pair:
        canvas.place(scale=0.8 * look.scale, turn=look.turn, dx=-4, dy=-13)
        for layer in figure.layers:
            _paint(canvas, layer, look, colours)
    canvas.place(
        scale=look.scale * (0.86 if figure.is_pair else 0.93),
        turn=look.turn,
        dx=3 if figure.is_pair else 0,
        dy=7 if figure.is_pair else 0,
    )
    for layer in figure.layers:
        _paint(canvas, layer, look, colours)
    return _on_ground(canvas, look, side)


def _paint(canvas: Canvas, layer: Layer, look: Look, colours: dict[str, RGB]) -> None:
    colour = colours[layer.role]
    for polygon, closed in zip(layer.polygons, layer.closed, strict=True):
        if layer.role == "shine":
            canvas.veil(polygon, colour, 0.12 + 0.38 * words().materials[look.material].gloss)
        elif layer.role in _VEILS:
            canvas.veil(polygon, colour, _VEILS[layer.role], clip=layer.role == "shade")
        elif layer.width is not None:
            canvas.stroke(polygon, colour, layer.width, closed=closed)
        else:
            canvas.fill(polygon, colour)
        if layer.role == "body":
            canvas.weave(polygon, _inks(look, colours, canvas.side), layer.width, closed=closed)
        if layer.role in ("body", "plain") and layer.width is None:
            canvas.stroke(polygon, colours["edge"], 0.7, closed=True)


def _inks(look: Look, colours: dict[str, RGB], side: int) -> list[tuple[Image.Image, RGB]]:
    masks = pattern_masks(look.pattern, look.variant, side)
    centre = colours["yolk"] if look.colour not in ("yellow", "white", "orange") else colours["red"]
    return list(zip(masks, (colours["pattern"], centre), strict=False))


def _on_ground(canvas: Canvas, look: Look, side: int) -> Image.Image:
    """Shrink the sheet and set it on the department's pastel, with a soft shadow."""
    figure, outline = canvas.colour.reduce(OVERSAMPLING), canvas.outline.reduce(OVERSAMPLING)
    ground = _ground(look.department, look.variant, side).copy()
    ground.paste(mix(words().departments[look.department].pastel, (58, 40, 84), 0.62), (0, 0), _shadow(outline, side))
    open_ground = ImageChops.invert(outline)
    behind = ImageChops.multiply(ground, Image.merge("RGB", (open_ground,) * 3))
    return ImageChops.add(figure, behind)


def _shadow(outline: Image.Image, side: int) -> Image.Image:
    small = outline.reduce(4)
    moved = ImageChops.offset(small, round(side * 0.016 / 4), round(side * 0.032 / 4))
    soft = moved.filter(ImageFilter.GaussianBlur(side / 4 / 36)).point([round(v * _SHADOW_ALPHA) for v in range(256)])
    return soft.resize((side, side), Image.Resampling.BILINEAR)


@lru_cache(maxsize=64)
def _ground(department: str, variant: int, side: int) -> Image.Image:
    """The pastel of a department with a paler disc, a little different per variant."""
    pastel = words().departments[department].pastel
    large = side * OVERSAMPLING
    sheet = Image.new("RGB", (large, large), pastel)
    x, y, radius = ((0.5, 0.5, 0.45), (0.47, 0.53, 0.44), (0.53, 0.48, 0.44))[variant]
    box = tuple(round(large * part) for part in (x - radius, y - radius, x + radius, y + radius))
    ImageDraw.Draw(sheet).ellipse((box[0], box[1], box[2], box[3]), fill=mix(pastel, (255, 255, 255), 0.55))
    return sheet.reduce(OVERSAMPLING)
