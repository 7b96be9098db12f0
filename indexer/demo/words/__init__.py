"""The demo shop's vocabulary, read once from the TOML files beside this module."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

RGB = tuple[int, int, int]
DEPARTMENTS = ("clothing", "shoes", "bags", "kitchen", "home", "toys", "electronics", "outdoor")
"""Department keys in display order; each has a file in ``departments/``."""


@dataclass(frozen=True, slots=True)
class Type:
    """What a product is: its words, its price range in EUR and what it may be made of."""

    key: str
    department: str
    name: str
    path: tuple[str, ...]
    price: tuple[float, float]
    materials: tuple[str, ...]
    seasons: tuple[str, ...]
    also: tuple[str, ...]
    uses: tuple[str, ...]
    facts: tuple[str, ...]
    goes_with: tuple[str, ...]
    sizes: tuple[str, ...] = ()
    max_sizes: int = 6
    plural: bool = False
    gender: str | None = None


@dataclass(frozen=True, slots=True)
class Department:
    """A department: display name, picture background, weight in the catalogue, and its product types."""

    key: str
    name: str
    pastel: RGB
    share: float
    people: bool
    ages: tuple[str, ...]
    types: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Brand:
    """An invented maker: where it sells, how it feels, how it prices (1 is usual), what it leans to."""

    name: str
    departments: tuple[str, ...]
    style: str
    level: float
    colours: tuple[str, ...]
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour family with its shades (name -> RGB) and the RGB its stripes and dots are drawn in."""

    name: str
    pattern: RGB
    shades: Mapping[str, RGB]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A surface pattern: its share and how it is called before and after the noun."""

    name: str
    weight: float
    adjectives: tuple[str, ...]
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """A material: price factor, highlight strength (0 to 1) and what a shop says about it."""

    name: str
    price: float
    gloss: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """The whole vocabulary; mappings keep the order of the files."""

    departments: Mapping[str, Department]
    types: Mapping[str, Type]
    brands: Mapping[str, Brand]
    styles: Mapping[str, tuple[str, ...]]
    colours: Mapping[str, Colour]
    patterns: Mapping[str, Pattern]
    materials: Mapping[str, Material]
    phrases: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def words() -> Words:
    """The vocabulary.

    Examples
    --------
    >>> len(words().departments), len(words().types), len(words().colours), len(words().patterns)
    (8, 60, 12, 7)
    """
    phrases = read_toml("phrases.toml")
    sizes = phrases.pop("sizes")
    departments = {key: _department(key, sizes) for key in DEPARTMENTS}
    makers = read_toml("brands.toml")
    return Words(
        departments=departments,
        types={kind.key: kind for department in departments.values() for kind in department.types},
        brands={name: Brand(name, **_tuples(raw)) for name, raw in makers["brands"].items()},
        styles={name: tuple(words) for name, words in makers["styles"].items()},
        colours={name: _colour(name, raw) for name, raw in read_toml("colours.toml").items()},
        patterns={
            name: Pattern(name, raw["weight"], tuple(raw["adjectives"]), tuple(raw["with"]))
            for name, raw in read_toml("patterns.toml").items()
        },
        materials={name: Material(name, **_tuples(raw)) for name, raw in read_toml("materials.toml").items()},
        phrases={name: tuple(lines) for name, lines in phrases.items()},
    )


def read_toml(name: str, package: str = __name__) -> dict[str, Any]:
    """Parse one of the packaged TOML files, named relative to `package`."""
    return tomllib.loads(files(package).joinpath(name).read_text(encoding="utf-8"))


def rgb(code: str) -> RGB:
    """Turn ``"#rrggbb"`` into three integers.

    Examples
    --------
    >>> rgb("#ff8000")
    (255, 128, 0)
    """
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def _department(key: str, sizes: Mapping[str, list[str]]) -> Department:
    raw = read_toml(f"departments/{key}.toml")
    return Department(
        key=key,
        name=raw["name"],
        pastel=rgb(raw["pastel"]),
        share=raw["share"],
        people=raw.get("people", False),
        ages=tuple(raw.get("ages", ())),
        types=tuple(_type(kind, key, entry, sizes) for kind, entry in raw["types"].items()),
    )


def _type(key: str, department: str, raw: dict[str, Any], sizes: Mapping[str, list[str]]) -> Type:
    scale = sizes[raw.pop("sizes")] if "sizes" in raw else []
    return Type(key=key, department=department, sizes=tuple(scale), **_tuples(raw))


def _colour(name: str, raw: dict[str, Any]) -> Colour:
    return Colour(name, rgb(raw["pattern"]), {shade: rgb(code) for shade, code in raw["shades"].items()})


def _tuples(raw: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items()}
