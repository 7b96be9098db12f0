"""Business rules, synonyms, and what people search for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.clients.asks.rules import Consequence, RuleScope


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOut:
    """A rule as stored, and what it is doing now."""

    name: str
    scope: RuleScope
    condition: dict[str, Any] | None  # which products, in the grammar of filters
    consequence: Consequence
    priority: int  # higher has its way first; equal ones by id
    start: datetime | None  # UTC unless it says otherwise
    end: datetime | None
    enabled: bool
    id: str
    status: str
    made_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleList:
    """All rules, by id."""

    rules: tuple[RuleOut, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWarning:
    """Something that is probably not meant."""

    rules: tuple[str, ...]  # the rules it is about
    code: str  # stable: programs may switch on it
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAnswer:
    """What was kept, and what looks wrong with it."""

    rule: RuleOut
    warnings: tuple[RuleWarning, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LintOut:
    """What looks wrong."""

    checked: int
    warnings: tuple[RuleWarning, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductCount:
    """A product and in how many slates."""

    id: str
    slates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRunOut:
    """What the rules change in requests that were really made."""

    requests: int  # asked again, with and without the rules
    skipped: dict[str, int]  # why others could not be asked again -> how many
    changed: int  # slates that differ
    comes: tuple[ProductCount, ...]
    leaves: tuple[ProductCount, ...]
    moves: tuple[ProductCount, ...]
    mean_rank_change: float  # over products in both slates
    relevance_before: float  # mean score of a slot, without what rules add
    relevance_after: float
    relevance_lost: float  # share of it, 0 to 1; below 0 if it grows
    acted: dict[str, int]  # rule -> slates it acted in
    why_not: dict[str, int]  # what rules could not do -> how often


@dataclass(frozen=True, slots=True, kw_only=True)
class SynonymsOut:
    """The lines in force, those of the shop's file left out."""

    lines: tuple[str, ...]
    rules: int  # lines that are neither empty nor remarks


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchCount:
    """One query."""

    query: str
    visitors: int  # different users or sessions
    searches: int  # the same visitor's within half an hour are one
    nothing: int  # searches without a filter that nothing matched
    takers: int  # visitors who then viewed, clicked or bought something
    click_rate: float  # takers / visitors


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchesOut:
    """Queries that enough people made."""

    window_days: float
    min_visitors: int
    queries: tuple[SearchCount, ...]
