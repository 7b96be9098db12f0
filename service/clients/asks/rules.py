"""What a business rule consists of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Required, TypedDict


class RuleScope(TypedDict, total=False):
    """Which requests a rule is about; what is left out does not restrict."""

    surfaces: Sequence[str]
    categories: Sequence[str]
    who: Literal["everyone", "newcomer", "known"]
    audience: Mapping[str, Any] | None


class BoostOrBury(TypedDict):
    """Adds to, or takes from, the score of matching products."""

    kind: Literal["boost", "bury"]
    weight: float


class PinPlace(TypedDict):
    """One product in one slot; 1 is the first."""

    id: str
    position: int


class PinThem(TypedDict):
    """Puts products into slots; a rule with a pin has no condition."""

    kind: Literal["pin"]
    products: Sequence[PinPlace]


class LeaveOut(TypedDict):
    """Matching products are not shown, or only they are."""

    kind: Literal["exclude", "include_only"]


class QuotaOf(TypedDict, total=False):
    """The share of slots that matching products have."""

    kind: Required[Literal["quota"]]
    min_percent: float | None
    max_percent: float | None


Consequence = BoostOrBury | PinThem | LeaveOut | QuotaOf


class RuleDetails(TypedDict, total=False):
    """The fields of a rule but what it does."""

    name: str
    scope: RuleScope
    condition: Mapping[str, Any] | None
    priority: int
    start: datetime | None
    end: datetime | None
    enabled: bool


class RuleFields(RuleDetails, total=False):
    """The fields of a rule to change; each is replaced as a whole."""

    consequence: Consequence


class RulePut(RuleDetails):
    """A whole rule."""

    consequence: Consequence


class RuleDraft(RulePut, total=False):
    """A whole rule; its id is made if left out."""

    id: str
