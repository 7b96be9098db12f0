"""Facets: what a list could be narrowed down to, counted; each ignores its own part of the filter."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import floor, log10
from typing import Any

from service.core.errors import InvalidQuery
from service.core.fields import CATEGORY_SEPARATOR
from service.core.filters import Condition, Filter, Match, Range, all_of

PLAIN_FACETS = ("brand", "category", "price", "rating", "in_stock", "tags", "currency")
MAX_FACETS = 20
MAX_VALUES = 100
_PRICE_RANGES = 5
_RATINGS = (4.0, 3.0, 2.0, 1.0)
_ROUND = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)

Counts = Iterable[tuple[tuple[Any, ...], int]]
"""What a number of products have in a field, each value once, and how many products that are."""


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value and the products that have it; `children` are the categories below."""

    value: str | bool
    count: int
    children: tuple["FacetValue", ...] = ()


@dataclass(frozen=True, slots=True)
class FacetRange:
    """The products with ``gte <= value < lt``; a bound that is None is open."""

    gte: float | None
    lt: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Facet:
    """One field's counts.

    Attributes
    ----------
    left_out : values beyond the most frequent `MAX_VALUES`. low, high : the smallest and the largest number.
    is_at_least : more products match than were counted.
    """

    values: tuple[FacetValue, ...] = ()
    ranges: tuple[FacetRange, ...] = ()
    left_out: int = 0
    low: float | None = None
    high: float | None = None
    is_at_least: bool = False


def check_facets(names: Iterable[str], fields: Iterable[str]) -> tuple[str, ...]:
    """The facets asked for, each once.

    Parameters
    ----------
    fields : all filterable fields; of these `PLAIN_FACETS` and the attributes can be counted.

    Raises
    ------
    InvalidQuery : an unknown facet, or one on an attribute that is not indexed.

    Examples
    --------
    >>> check_facets(["brand", "brand"], ["brand", "attributes.colour"])
    ('brand',)
    """
    known = [*PLAIN_FACETS, *sorted(name for name in fields if name.startswith("attributes."))]
    wanted = tuple(dict.fromkeys(names))
    if unknown := [name for name in wanted if name not in known]:
        raise InvalidQuery(
            f"there is no facet {unknown[0][:80]!r}; facets are: {', '.join(known)}. "
            "Attributes are made filterable under [catalogue] in recommender.toml",
            code="unknown_facet",
        )
    if len(wanted) > MAX_FACETS:
        raise InvalidQuery(f"at most {MAX_FACETS} facets can be counted at once, got {len(wanted)}", code="too_many")
    return wanted


def without(wanted: Filter | None, field: str) -> Filter | None:
    """The filter without what it asks of one field; what it asks of several at once, and what it forbids, stays.

    Examples
    --------
    >>> brand, price = Match("brand", ("LG",)), Range("price", lt=50)
    >>> without(Filter(must=(brand, price)), "brand") == Filter(must=(price,))
    True
    >>> without(Filter(must=(Filter(should=(price, Range("price", gte=90))),)), "price") is None
    True
    """
    if wanted is None:
        return None
    must = [without(one, field) if isinstance(one, Filter) else one for one in wanted.must]
    kept = all_of(*(one for one in must if not isinstance(one, Match | Range) or one.field != field))
    should = () if wanted.should and all(_is_about(one, field) for one in wanted.should) else wanted.should
    left = replace(wanted, must=kept.must if kept else (), should=should)
    return left or None


def _is_about(condition: Condition, field: str) -> bool:
    if isinstance(condition, Filter):
        parts = (*condition.must, *condition.should, *condition.must_not)
        return bool(parts) and all(_is_about(one, field) for one in parts)
    return isinstance(condition, Match | Range) and condition.field == field


def shape(field: str, counts: Counts) -> Facet:
    """Counts as a shopper's choice: a tree of categories, ranges of prices and ratings, else the values."""
    if field == "category":
        return Facet(values=_tree(_counted(counts)))
    if field in ("price", "rating"):
        numbers = _counted(counts)
        edges = price_edges(numbers) if field == "price" else ()
        ranges = _between(numbers, edges) if field == "price" else _from(numbers)
        return Facet(ranges=ranges, low=min(numbers, default=None), high=max(numbers, default=None))
    found = sorted(_counted(counts).items(), key=lambda one: (-one[1], one[0]))
    values = tuple(FacetValue(value, count) for value, count in found[:MAX_VALUES])
    return Facet(values=values, left_out=max(0, len(found) - MAX_VALUES))


def _counted(counts: Counts) -> Counter[Any]:
    total: Counter[Any] = Counter()
    for values, count in counts:
        for value in values:
            total[value] += count
    return total


def _tree(counts: Mapping[str, int]) -> tuple[FacetValue, ...]:
    below: dict[str | None, list[str]] = {}
    for path in counts:
        parent = path.rpartition(CATEGORY_SEPARATOR)[0]
        below.setdefault(parent if parent in counts else None, []).append(path)

    def grow(parent: str | None) -> tuple[FacetValue, ...]:
        paths = sorted(below.get(parent, ()), key=lambda path: (-counts[path], path))
        return tuple(FacetValue(path, counts[path], grow(path)) for path in paths)

    return grow(None)


def price_edges(counts: Mapping[float, int]) -> tuple[float, ...]:
    """Round prices that cut the products into about equally many, ascending.

    Examples
    --------
    >>> price_edges({price: 1 for price in range(10, 60)})
    (15.0, 25.0, 30.0, 40.0)
    """
    total, seen, edges = sum(counts.values()), 0, set()
    for price in sorted(counts):
        share = seen * _PRICE_RANGES // total if total else 0
        seen += counts[price]
        if seen * _PRICE_RANGES // total > share and seen < total and price > 0:
            edges.add(_rounded(price))
    return tuple(sorted(edges))


def _rounded(price: float) -> float:
    power = floor(log10(price))
    unit = 10.0**power
    return max((step * unit for step in _ROUND if step * unit <= price), default=unit)


def _between(counts: Mapping[float, int], edges: tuple[float, ...]) -> tuple[FacetRange, ...]:
    below = _Below(counts)
    ends = pairwise((None, *edges, None))
    found = [FacetRange(low, high, below(high) - (0 if low is None else below(low))) for low, high in ends]
    return tuple(one for one in found if one.count)


def _from(counts: Mapping[float, int]) -> tuple[FacetRange, ...]:
    """So many stars and more, as shops offer it: these overlap."""
    below = _Below(counts)
    return tuple(FacetRange(stars, None, below(None) - below(stars)) for stars in _RATINGS)


class _Below:
    """How many products have less than a value; all of them where it is None."""

    def __init__(self, counts: Mapping[float, int]) -> None:
        self._values = sorted(counts)
        self._before = [0, *accumulate(counts[value] for value in self._values)]

    def __call__(self, value: float | None) -> int:
        return self._before[-1 if value is None else bisect_left(self._values, value)]
