"""Bundles, what is popular, and completions."""

from dataclasses import dataclass

from service.clients.answers.lists import Shown
from service.clients.answers.reasons import Fallback


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleItem(Shown):
    """A product that goes with the basket; the figures are those of its rule with the highest lift."""

    id: str
    rank: int  # 1 is the first
    score: float  # sum of log lift over the basket's products; of a fallback its own score
    source: str
    reason: str  # why it is here, in words
    level: str
    bought_with: tuple[str, ...]  # products of the basket it has a rule with, strongest first
    support: float | None  # share of baskets with both
    confidence: float | None  # share of baskets with the first that have this one too
    lift: float | None  # confidence / this product's own share; 1 is chance
    in_stock: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleOut:
    """What completes the basket, best first."""

    request_id: str  # send it back with events, so that clicks find their impression
    surface: str
    release: str | None
    took_ms: float
    items: tuple[BundleItem, ...]
    fallback: Fallback | None  # why these are not bought together
    shortfall: str | None  # why there are fewer items than asked for
    warnings: tuple[str, ...]  # products of the basket that are not known


@dataclass(frozen=True, slots=True, kw_only=True)
class PopularItem(Shown):
    """A product of a popular list."""

    id: str
    rank: int
    score: float
    in_stock: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PopularList:
    """One of the shop's lists, best first, and the categories that trend."""

    kind: str
    category: str | None
    made_at: str
    items: tuple[PopularItem, ...]
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionOut:
    """One completion."""

    text: str
    kind: str
    id: str | None  # of a product; of a category its path


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestOut:
    """Completions, best first."""

    q: str
    corrected: str | None  # what was completed instead, where nothing begins like q
    suggestions: tuple[SuggestionOut, ...]
