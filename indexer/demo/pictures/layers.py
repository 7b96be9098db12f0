"""Shapes as packaged data: each is a list of layers, painted back to front."""

from dataclasses import dataclass
from functools import lru_cache

from indexer.demo.pictures.paths import Polygon, flatten
from indexer.demo.words import read_toml, words


@dataclass(frozen=True, slots=True)
class Layer:
    """One painted thing: polygons (or lines of `width`) in the colour that `role` names."""

    role: str
    polygons: tuple[Polygon, ...]
    closed: tuple[bool, ...]
    width: float | None


@dataclass(frozen=True, slots=True)
class Shape:
    """All layers of one variant; a pair is painted twice, the first time smaller and behind."""

    layers: tuple[Layer, ...]
    is_pair: bool


@lru_cache(maxsize=512)
def shape(kind: str, variant: int) -> Shape:
    """The layers of a product type; `variant` is 0, 1 or 2.

    Examples
    --------
    >>> shape("t-shirt", 0).layers[0].role
    'body'
    """
    lines = _department_shapes(words().types[kind].department)[kind].strip().splitlines()
    layers = [_parse(line, variant) for line in lines if line != "pair"]
    return Shape(tuple(layer for layer in layers if layer is not None), is_pair="pair" in lines)


@lru_cache(maxsize=16)
def _department_shapes(department: str) -> dict[str, str]:
    return read_toml(f"shapes/{department}.toml", __package__)


def _parse(line: str, variant: int) -> Layer | None:
    """Read ``role [line=width] [mirror] [v=variants]: path``; None if the layer is for other variants."""
    head, path = line.split(":", 1)
    role, *options = head.split()
    named = dict(option.split("=") for option in options if "=" in option)
    if str(variant) not in named.get("v", "012"):
        return None
    polygons = flatten(path)
    if "mirror" in options:
        polygons += tuple(tuple((100 - x, y) for x, y in polygon) for polygon in polygons)
    # An ellipse, a rectangle and a path ended by Z are closed lines.
    is_closed = any(command in path for command in "ZER")
    width = float(named["line"]) if "line" in named else None
    return Layer(role, polygons, (is_closed,) * len(polygons), width)
