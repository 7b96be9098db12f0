"""Slates: feeds, searches and similar products."""

from dataclasses import dataclass
from typing import Any

from service.clients.answers.reasons import Fallback, RuleActOut, SaidOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What every picture of a product has."""

    name: str
    brand: str | None
    category: tuple[str, ...]
    price: float | None
    original_price: float | None
    currency: str | None
    rating: float | None
    review_count: int
    image: str | None
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card(Shown):
    """One product of an answer, ready to be shown."""

    id: str
    rank: int  # 1 is the first
    score: float
    source: str  # the signal that contributed most
    reason: str  # why it is here, in words
    contributions: dict[str, float] | None = None  # signal -> its share of the score; they add up to it
    level: str  # what it builds on: personal, session, content, category or global
    guest: str | None = None  # chance gave it the slot: balance, serendipity or explore
    because: str | None = None  # with explain: the product that led to this one
    confidence: str | None = None  # with explain: Very High, High, Medium or Exploratory
    place: int | None = None  # with explain: where it stood by its score, before variety and pins
    signals: dict[str, SaidOut] | None = None  # with explain: what each signal said of it
    in_stock: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitOut:
    """Words of a search that name something products have."""

    kind: str
    words: str  # as they were typed
    filter: dict[str, Any]  # what a product must meet to have it
    effect: str  # whether others are left out, or come later


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderstoodOut:
    """How the words of a search were read."""

    text: str  # what the search by meaning reads
    corrected: dict[str, str]  # word as it was typed -> the shop's word that also stands for it
    synonyms: dict[str, tuple[str, ...]]  # what was asked for -> what else was looked for
    units: tuple[str, ...]  # sizes as the shop writes them
    exact: int  # how many products are named outright, by id or model number
    traits: tuple[TraitOut, ...]  # what else the words say; switch kinds off with `ignore`


@dataclass(frozen=True, slots=True, kw_only=True)
class SlateOut:
    """An ordered list of products."""

    request_id: str  # send it back with events, so that clicks find their impression
    surface: str
    release: str | None
    variant: str
    took_ms: float
    items: tuple[Card, ...]
    fallback: Fallback | None = None  # why a feed is not personal, or a search relaxed
    shortfall: str | None = None  # why there are fewer items than asked for
    degraded: dict[str, str]  # signal -> why it did not take part
    step_ms: dict[str, float] | None = None
    rules: tuple[RuleActOut, ...] | None = None  # with explain: the business rules that acted
    understood: UnderstoodOut | None = None  # of searches: how the words were read


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValueOut:
    """A value that the list could be narrowed down to."""

    value: str | bool
    count: int
    children: tuple["FacetValueOut", ...]  # of a category, those below it


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetRangeOut:
    """Products with gte <= value < lt; null is open."""

    gte: float | None
    lt: float | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetOut:
    """One field's counts under all of the filter but what it asks of this field."""

    values: tuple[FacetValueOut, ...]
    ranges: tuple[FacetRangeOut, ...]  # of prices; of ratings, where each holds those above it too
    left_out: int  # values beyond the 100 most frequent
    low: float | None
    high: float | None
    is_at_least: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOut(SlateOut):
    """An ordered list of products; what follows only where `sort`, `facets` or `cursor` was sent, or no query."""

    sort: str | None = None
    total: int | None = None  # products on all pages
    total_is_at_least: bool | None = None  # whether there may be more: the best were taken
    next_cursor: str | None = None  # null on the last page
    facets: dict[str, FacetOut] | None = None  # on the first page
    facets_over: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarOut(SlateOut):
    """Products like one."""

    mode: str  # in which way they are similar


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfOut:
    """One list of a page."""

    name: str
    title: str
    category: str | None  # the category it is about, of `top_categories`
    items: tuple[Card, ...]
    shortfall: str | None  # why there are fewer items than asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeOut(SlateOut):
    """A feed, or a page of shelves."""

    unknown: tuple[str, ...] | None = None
    shelves: tuple[ShelfOut, ...] | None = None  # where shelves were asked for; `items` is empty then
