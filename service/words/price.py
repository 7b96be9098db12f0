"""Prices that a query names, as people write them: "under 50", "20-40 €", "Rs. 500 ke andar"."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.core.filters import Filter, Match, Range
from service.words.money import Amount, amounts

_NEAR = 40  # characters before an amount that are looked at
_MOST = 4  # amounts of one query
_PRICE = r"(?<!\w)(?:(?:price|priced|prices|cost|costs|costing|rate)\s+)?"
_LESS = re.compile(rf"{_PRICE}(?:under|below|less than|lower than|cheaper than)\s*$")
_UP_TO = re.compile(rf"{_PRICE}(?:up ?to|within|at most|not more than|no more than|(?P<name>max|maximum)|budget)\s*$")
_MORE = re.compile(rf"{_PRICE}(?:over|above|more than|higher than)\s*$")
_FROM = re.compile(rf"{_PRICE}(?:from|at least|not less than|starting at|starting from|(?P<name>min|minimum))\s*$")
_BETWEEN = re.compile(rf"{_PRICE}(?:between|from)\s*$")
_OR_LESS = re.compile(r"\s*(?:se kam|se neeche|se niche|ke neeche|ke niche|and under|and below|or less|or below)(?!\w)")
_AND_LESS = re.compile(r"\s*(?:ke andar|ke ander|tak)(?!\w)")
_OR_MORE = re.compile(
    r"\s*(?:se upar|se zyada|se jyada|se zyaada|ke upar|and above|and over|and up|or more|or above)(?!\w)"
)
_TO = re.compile(r"\s?(?:-|–|—|~|to|se)\s?")
_AND = re.compile(r"\s?(?:-|–|—|~|to|and|&|se)\s?")
_BETWEEN_BEHIND = re.compile(r"\s*(?:ke beech|ke bich|tak)(?!\w)")
_LAST_WORD = re.compile(r"(\w+)\s*$")


@dataclass(frozen=True, slots=True)
class Prices:
    """What a shop's products cost.

    Attributes
    ----------
    low, high : what hardly anything is cheaper than, and the dearest, in the unit people speak of.
    currencies : ISO codes.
    """

    low: float
    high: float
    currencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Priced:
    """Words that say what something may cost: where in a text they stand, and what they ask for."""

    start: int
    end: int
    wanted: Filter


def prices_named(text: str, prices: Prices | None, is_name: Callable[[str], bool] = lambda _: False) -> list[Priced]:
    """The price phrases of a plain text, from left to right.

    A number is a price with a currency of the shop beside it, or behind a word like "under" if it counts nothing else
    and the shop has such prices. A sum alone is how much one wants to spend.

    Parameters
    ----------
    prices : None where the shop has none. is_name : whether the shop has a word: an "Air Max 90" is no price.

    Examples
    --------
    >>> shop = Prices(1.0, 900.0, ("EUR",))
    >>> [(one.start, one.end, one.wanted.must[0]) for one in prices_named("mug under 50", shop)]
    [(4, 12, Range(field='price', gte=None, gt=None, lte=None, lt=50.0))]
    >>> prices_named("over 30 mm, iphone 14, $20, below 5000", shop)
    []
    """
    if prices is None or not any(sign.isdigit() for sign in text):
        return []
    found = list(amounts(text))[:_MOST]
    taken: list[Priced] = []
    end = 0
    for at, one in enumerate(found):
        if one.start < end:
            continue
        two = found[at + 1] if at + 1 < len(found) else None
        if two is not None and two.is_counted and _AND.fullmatch(text, one.end, two.start):
            end = two.end  # "from 3 to 5 years"
            continue
        priced = (two and _pair(text, end, one, two, prices)) or _single(text, end, one, prices, is_name)
        if priced:
            taken.append(priced)
            end = priced.end
    return taken


def without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text without some of its parts, which are in order.

    Examples
    --------
    >>> without("red mug under 50 please", [(8, 16)])
    'red mug please'
    """
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    return " ".join(" ".join(text[start:end] for start, end in list(pairwise(edges))[::2]).split())


def _pair(text: str, start: int, one: Amount, two: Amount, prices: Prices) -> Priced | None:
    before = _BETWEEN.search(text, max(start, one.start - _NEAR), one.start)
    behind = _BETWEEN_BEHIND.match(text, two.end)
    if not (_AND if before else _TO).fullmatch(text, one.end, two.start):
        return None
    is_told = before is not None or behind is not None
    signs = one.currencies or two.currencies
    if not (is_told or signs):
        return None
    # "1-2k": thousands both
    low = one.value * two.times if one.times == 1 and one.value * two.times <= two.value else one.value
    bounds = Range("price", gte=min(low, two.value), lte=max(low, two.value))
    wanted = _wanted(bounds, (low, two.value), signs, prices)
    end = behind.end() if behind else two.end
    return None if wanted is None else Priced(before.start() if before else one.start, end, wanted)


def _single(text: str, start: int, one: Amount, prices: Prices, is_name: Callable[[str], bool]) -> Priced | None:
    if one.is_counted:
        return None
    value, place = one.value, max(start, one.start - _NEAR)
    for said, bounds in (
        (_LESS, Range("price", lt=value)),
        (_UP_TO, Range("price", lte=value)),
        (_MORE, Range("price", gt=value)),
        (_FROM, Range("price", gte=value)),
    ):
        before = said.search(text, place, one.start)
        if before and not (not one.currencies and _is_of_a_name(before, text, one, is_name)):
            wanted = _wanted(bounds, (value,), one.currencies, prices)
            return None if wanted is None else Priced(before.start(), one.end, wanted)
    for said, bounds in (
        (_OR_LESS, Range("price", lt=value)),
        (_AND_LESS, Range("price", lte=value)),
        (_OR_MORE, Range("price", gte=value)),
    ):
        behind = said.match(text, one.end)
        if behind:
            wanted = _wanted(bounds, (value,), one.currencies, prices)
            return None if wanted is None else Priced(one.start, behind.end(), wanted)
    wanted = _wanted(Range("price", lte=value), (value,), one.currencies, prices) if one.currencies else None
    return None if wanted is None else Priced(one.start, one.end, wanted)


def _is_of_a_name(before: re.Match[str], text: str, one: Amount, is_name: Callable[[str], bool]) -> bool:
    """Whether the shop calls something "Pro Max", or "Max 90"."""
    word = before.groupdict().get("name")
    if word is None:
        return False
    beside = _LAST_WORD.search(text, max(0, before.start() - _NEAR), before.start())
    return (beside is not None and is_name(beside[1] + word)) or is_name(f"{word}{one.value:g}")


def _wanted(bounds: Range, values: Sequence[float], signs: Sequence[str], prices: Prices) -> Filter | None:
    """The filter; None for a currency that the shop has not, or without a sign for what nothing costs here."""
    if not signs:
        return Filter(must=(bounds,)) if max(values) >= prices.low and min(values) <= prices.high else None
    meant = tuple(code for code in prices.currencies if code in signs)
    if not meant:
        return None
    others = len(prices.currencies) > len(meant)
    return Filter(must=(bounds, Match("currency", meant)) if others else (bounds,))
