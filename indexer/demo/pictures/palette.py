"""Which colour each role of a layer has, given the product's look."""

from collections.abc import Mapping

from indexer.demo.look import Look
from indexer.demo.words import RGB, rgb, words

FIXED: Mapping[str, RGB] = {
    name: rgb(code)
    for name, code in {
        "cream": "#fdf6e9", "white": "#ffffff", "sole": "#f7f5f0", "gold": "#d9ab4e", "steel": "#b9c1cc",
        "ink": "#343844", "wood": "#c4976a", "cocoa": "#6b4630", "leaf": "#6fae72", "fern": "#4f9461",
        "sky": "#9fd0ea", "red": "#e2574c", "yolk": "#f7c948", "orange": "#f08c3c", "glow": "#fff0b3",
        "shade": "#241c38", "shine": "#ffffff",
    }.items()
}  # fmt: skip
"""Roles that look the same on every product."""

ACCENTS = tuple(rgb(code) for code in ("#f2b84b", "#4f9da6", "#e4756a", "#5d6fb3", "#f4efe4", "#86b36b"))
DARK_BELOW = 70.0


def palette(look: Look) -> dict[str, RGB]:
    """Role -> RGB: ``body`` and ``plain`` are the shade itself; ``trim``, ``deep``, ``pale`` are derived from it."""
    base = look.rgb
    is_dark = luminance(base) < DARK_BELOW
    # Darker details would vanish on black.
    trim, deep = (mix(base, (255, 255, 255), 0.22), mix(base, (0, 0, 0), 0.35)) if is_dark else (
        mix(base, (40, 22, 60), 0.2), mix(base, (40, 22, 60), 0.45)
    )  # fmt: skip
    department = words().departments[look.department]
    return {
        **FIXED,
        "body": base,
        "plain": base,
        "pattern": words().colours[look.colour].pattern,
        "trim": trim,
        "deep": deep,
        "pale": mix(base, (255, 252, 245), 0.55 if not is_dark else 0.75),
        "edge": mix(base, (255, 255, 255), 0.12) if is_dark else mix(base, (40, 22, 60), 0.16),
        "accent": _accent(look),
        "back": department.pastel,
    }


def _accent(look: Look) -> RGB:
    """One of a brand's house colours that can be told from the product's own."""
    start = list(words().brands).index(look.brand)
    turned = [ACCENTS[(start + step) % len(ACCENTS)] for step in range(len(ACCENTS))]
    return next(accent for accent in turned if _distance(accent, look.rgb) > 140)


def _distance(a: RGB, b: RGB) -> int:
    return sum(abs(x - y) for x, y in zip(a, b, strict=True))


def luminance(colour: RGB) -> float:
    """Perceived brightness, 0 to 255 (ITU-R BT.601 weights).

    Examples
    --------
    >>> round(luminance((255, 255, 255)))
    255
    """
    red, green, blue = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue


def mix(colour: RGB, other: RGB, share: float) -> RGB:
    """`colour` with `share` (0 to 1) of `other`.

    Examples
    --------
    >>> mix((0, 0, 0), (255, 255, 255), 0.2)
    (51, 51, 51)
    """
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue
