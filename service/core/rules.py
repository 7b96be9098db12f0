"""Business rules: what a shop wants shown, where, to whom and when, whatever the signals say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from service.core.fields import CATEGORY_SEPARATOR
from service.core.filters import Filter, Match

STEERING = ("rule:", "boost:")
"""What the names of contributions begin with that no signal makes: a business rule, a boost of the request."""
BY_RULE = "rule"
"""The source of a product that no signal has found."""

Who = Literal["everyone", "newcomer", "known"]
Status = Literal["active", "scheduled", "expired", "disabled"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which requests a rule is about; what is left out does not restrict.

    Attributes
    ----------
    surfaces : names of surfaces. categories : paths; the request's category filter, or the category of its anchor,
        lies in one of them. who : newcomers have no past. audience : on `preferences.…` and `features.…` of the user.
    """

    surfaces: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    who: Who = "everyone"
    audience: Filter | None = None

    @property
    def is_personal(self) -> bool:
        """Whether it asks who somebody is."""
        return self.who != "everyone" or self.audience is not None

    def is_about(self, surface: str, categories: Sequence[str]) -> bool:
        """Whether a request to this surface, about these categories, falls under it.

        Examples
        --------
        >>> Scope(categories=("Home",)).is_about("search", ["Home > Mugs"])
        True
        >>> Scope(categories=("Home",)).is_about("search", [])
        False
        """
        if self.surfaces and surface not in self.surfaces:
            return False
        return not self.categories or any(lies_in(path, own) for own in self.categories for path in categories)


@dataclass(frozen=True, slots=True)
class Boost:
    """Adds `weight` to the fused score of matching products; below 0 it buries them."""

    weight: float


@dataclass(frozen=True, slots=True)
class Pin:
    """Puts products, by the merchant's ids, at positions; 1 is the first."""

    places: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Exclude:
    """Matching products are not shown."""


@dataclass(frozen=True, slots=True)
class IncludeOnly:
    """Only matching products are shown."""


@dataclass(frozen=True, slots=True)
class Quota:
    """The share of slots that matching products have, in percent, rounded to the nearest number of slots."""

    min_percent: float = 0.0
    max_percent: float = 100.0

    def least(self, slots: int) -> int:
        """The fewest of so many slots.

        Examples
        --------
        >>> Quota(min_percent=25).least(10), Quota(min_percent=24).least(10)
        (3, 2)
        """
        return int(self.min_percent * slots / 100 + 0.5)

    def most(self, slots: int) -> int:
        """The most of so many slots."""
        return int(self.max_percent * slots / 100 + 0.5)


_KINDS = {Pin: "pin", Exclude: "exclude", IncludeOnly: "include_only", Quota: "quota"}
Consequence = Boost | Pin | Exclude | IncludeOnly | Quota


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes
    ----------
    condition : which products; a pin has none, for it names them.
    priority : where two rules cannot both have their way, the higher one has it; equal ones by id.
    start, end : UTC; in force from `start` until just before `end`.
    """

    id: str
    consequence: Consequence
    name: str = ""
    scope: Scope = Scope()
    condition: Filter | None = None
    priority: int = 0
    start: datetime | None = None
    end: datetime | None = None
    is_enabled: bool = True

    @property
    def label(self) -> str:
        """What its contributions are called."""
        return f"rule:{self.id}"

    @property
    def kind(self) -> str:
        """One word for its consequence."""
        if isinstance(self.consequence, Boost):
            return "boost" if self.consequence.weight >= 0 else "bury"
        return _KINDS[type(self.consequence)]

    def required(self) -> Filter | None:
        """What every product must meet while an exclude or include-only rule is in force; None for other kinds."""
        match self.consequence:
            case Exclude() if self.condition:
                return Filter(must_not=(self.condition,))
            case IncludeOnly():
                return self.condition
        return None

    def status(self, now: datetime) -> Status:
        """Whether it is in force at this moment, or why not."""
        if not self.is_enabled:
            return "disabled"
        if self.end is not None and self.end <= now:
            return "expired"
        return "scheduled" if self.start is not None and now < self.start else "active"


class RuleAct(NamedTuple):
    """What a rule did to one slate; a named tuple, because some dozens are made per request.

    Attributes
    ----------
    products : internal ids of the slate's products that it touched. why_not : what of it could not be done.
    """

    rule: str
    kind: str
    products: tuple[int, ...] = ()
    why_not: tuple[str, ...] = ()


def by_precedence(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The one that has its way first: highest priority first, equal ones by id."""
    return tuple(sorted(rules, key=lambda rule: (-rule.priority, rule.id)))


def lies_in(path: str, category: str) -> bool:
    """Whether a category path is this category or below it.

    Examples
    --------
    >>> lies_in("Home > Mugs", "Home"), lies_in("Homes", "Home")
    (True, False)
    """
    return path == category or path.startswith(category + CATEGORY_SEPARATOR)


def categories_of(wanted: Filter | None) -> tuple[str, ...]:
    """The categories a filter insists on.

    Examples
    --------
    >>> categories_of(Filter(must=(Filter(must=(Match("category", ("Home",)),)),)))
    ('Home',)
    """
    found: list[str] = []
    for condition in wanted.must if wanted else ():
        if isinstance(condition, Filter):
            found += categories_of(condition)
        elif isinstance(condition, Match) and condition.field == "category":
            found += [str(path) for path in condition.any_of]
    return tuple(found)
