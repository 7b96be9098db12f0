"""A small path language for shapes on a 100 x 100 sheet, flattened to polygons."""

import math
from collections.abc import Iterator

Point = tuple[float, float]
Polygon = tuple[Point, ...]

_ARGUMENTS = {"M": 2, "L": 2, "Q": 4, "Z": 0, "E": 4, "R": 5}
_CURVE_STEPS = 10
_ELLIPSE_STEPS = 40
_CORNER_STEPS = 6


def flatten(path: str) -> tuple[Polygon, ...]:
    """Turn a path into polygons, one per M, E or R.

    Parameters
    ----------
    path : ``M x y`` starts, ``L x y`` draws a line, ``Q cx cy x y`` a quadratic curve, ``Z`` ends;
        ``E cx cy rx ry`` is an ellipse, ``R x y width height radius`` a rounded rectangle (radius may be left out).

    Raises
    ------
    ValueError : an unknown command or too few numbers.

    Examples
    --------
    >>> flatten("M 0 0 L 10 0 L 10 10 Z")
    (((0.0, 0.0), (10.0, 0.0), (10.0, 10.0)),)
    >>> len(flatten("E 50 50 10 10")[0])
    40
    """
    polygons: list[list[Point]] = []
    for command, n in _commands(path):
        match command:
            case "M":
                polygons.append([(n[0], n[1])])
            case "L":
                polygons[-1].append((n[0], n[1]))
            case "Q":
                polygons[-1].extend(_curve(polygons[-1][-1], (n[0], n[1]), (n[2], n[3])))
            case "E":
                polygons.append(_ellipse(*n))
            case "R":
                polygons.append(_rounded(*n))
    return tuple(tuple(polygon) for polygon in polygons)


def _commands(path: str) -> Iterator[tuple[str, list[float]]]:
    command, numbers = "", list[float]()
    for token in [*path.split(), ""]:
        if token and token not in _ARGUMENTS:
            numbers.append(float(token))
            continue
        if command:
            # The radius of a rounded rectangle may be left out.
            numbers += [0.0] if command == "R" and len(numbers) == 4 else []
            if len(numbers) != _ARGUMENTS[command]:
                raise ValueError(f"{command} takes {_ARGUMENTS[command]} numbers, got {numbers} in path {path!r}")
            yield command, numbers
        elif numbers:
            raise ValueError(f"path {path!r} must begin with one of {', '.join(_ARGUMENTS)}")
        command, numbers = token, []


def _curve(start: Point, control: Point, end: Point) -> list[Point]:
    points = []
    for step in range(1, _CURVE_STEPS + 1):
        t = step / _CURVE_STEPS
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        points.append((a * start[0] + b * control[0] + c * end[0], a * start[1] + b * control[1] + c * end[1]))
    return points


def _ellipse(cx: float, cy: float, rx: float, ry: float) -> list[Point]:
    turns = (2 * math.pi * step / _ELLIPSE_STEPS for step in range(_ELLIPSE_STEPS))
    return [(cx + rx * math.cos(turn), cy + ry * math.sin(turn)) for turn in turns]


def _rounded(x: float, y: float, width: float, height: float, radius: float) -> list[Point]:
    r = min(radius, width / 2, height / 2)
    if r == 0:
        return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    centres = ((x + width - r, y + r), (x + width - r, y + height - r), (x + r, y + height - r), (x + r, y + r))
    points = []
    for corner, (cx, cy) in enumerate(centres):
        for step in range(_CORNER_STEPS + 1):
            turn = math.pi / 2 * (corner - 1 + step / _CORNER_STEPS)
            points.append((cx + r * math.cos(turn), cy + r * math.sin(turn)))
    return points
