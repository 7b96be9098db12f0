"""The shapes of business rules, as they are sent and as they are answered."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from service.api.values import WHOLE, Flag, Line, Moment, Number, Place, ProductId
from service.core.rule_parse import MAX_PINS, MAX_WEIGHT
from service.core.rules import Exclude, Rule, Status, Who
from service.rule_lint import Finding
from service.rule_trial import Trial
from service.store.rules import StoredRule

RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_Utc = Annotated[Moment, AfterValidator(lambda at: at if at.tzinfo else at.replace(tzinfo=UTC))]
_Percent = Annotated[Number, Field(ge=0, le=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ScopeIn(_Strict):
    """Which requests a rule is about; what is left out does not restrict."""

    surfaces: list[Line] = Field(default=[], max_length=50)
    categories: list[Line] = Field(
        default=[], max_length=100, description="the request's category filter, or its anchor, lies in one of these"
    )
    who: Who = Field("everyone", description="newcomers have done nothing yet")
    audience: dict[str, Any] | None = Field(
        None, description="a filter on preferences.… and features.… of the user",
        examples=[{"must": [{"field": "features.country", "match": "DE"}]}],
    )  # fmt: skip


class BoostOrBury(_Strict):
    """Adds to, or takes from, the fused score of matching products; one best hit of a signal is 1 x its weight."""

    kind: Literal["boost", "bury"]
    weight: Number = Field(gt=0, le=MAX_WEIGHT)


class PinPlace(_Strict):
    """One product in one slot."""

    id: ProductId
    position: Place = Field(description="1 is the first")


class PinThem(_Strict):
    """Puts products into slots; a rule with a pin has no condition."""

    kind: Literal["pin"]
    products: list[PinPlace] = Field(min_length=1, max_length=MAX_PINS)


class LeaveOut(_Strict):
    """Matching products are not shown, or only they are."""

    kind: Literal["exclude", "include_only"]


class QuotaOf(_Strict):
    """The share of slots that matching products have, rounded to the nearest number of slots."""

    kind: Literal["quota"]
    min_percent: _Percent | None = None
    max_percent: _Percent | None = None


ConsequenceIn = Annotated[BoostOrBury | PinThem | LeaveOut | QuotaOf, Field(discriminator="kind")]


class RuleFields(_Strict):
    """A rule without its id."""

    name: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""
    scope: ScopeIn = ScopeIn()
    condition: dict[str, Any] | None = Field(
        None, description="which products, in the grammar of filters",
        examples=[{"must": [{"field": "tags", "match": "sale"}]}],
    )  # fmt: skip
    consequence: ConsequenceIn
    priority: Annotated[int, Field(ge=-1_000_000, le=1_000_000), WHOLE] = Field(
        0, description="higher has its way first; equal ones by id"
    )
    start: _Utc | None = Field(None, description="UTC unless it says otherwise")
    end: _Utc | None = None
    enabled: Flag = True


class RuleDraft(RuleFields):
    """A rule, with an id or without."""

    id: RuleId | None = Field(None, description="made if left out")


class RulePatch(_Strict):
    """The fields to change; those left out stay as they are."""

    name: str | None = None
    scope: ScopeIn | None = None
    condition: dict[str, Any] | None = None
    consequence: ConsequenceIn | None = None
    priority: int | None = None
    start: _Utc | None = None
    end: _Utc | None = None
    enabled: Flag | None = None

    @model_validator(mode="after")
    def _said(self) -> "RulePatch":
        for name in self.model_fields_set - {"condition", "start", "end"}:
            if getattr(self, name) is None:
                raise ValueError(f"{name} cannot be null; leave it out to keep it")
        return self


class RuleOut(RuleFields):
    """A rule as stored, and what it is doing now."""

    id: str
    status: Status
    made_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, stored: StoredRule, now: datetime) -> "RuleOut":
        """The stored rule at this moment."""
        fields = RuleFields.model_validate({name: value for name, value in stored.data.items() if name != "id"})
        when = Rule(stored.id, Exclude(), start=fields.start, end=fields.end, is_enabled=fields.enabled)
        return cls(
            id=stored.id, status=when.status(now), made_at=stored.made_at, updated_at=stored.updated_at,
            **dict(fields),
        )  # fmt: skip


class Warning_(BaseModel):
    """Something that is probably not meant."""

    rules: list[str] = Field(description="the rules it is about")
    code: str = Field(description="stable: programs may switch on it")
    message: str

    @classmethod
    def of(cls, finding: Finding) -> "Warning_":
        """The finding as it is answered."""
        return cls(rules=list(finding.rules), code=finding.code, message=finding.message)


class RuleAnswer(BaseModel):
    """What was kept, and what looks wrong with it."""

    rule: RuleOut
    warnings: list[Warning_]


class RuleList(BaseModel):
    """All rules, by id."""

    rules: list[RuleOut]


class LintIn(_Strict):
    """Rules to look at beside the stored ones, or in place of those with the same id."""

    rules: list[RuleDraft] = Field(default=[], max_length=100)


class LintOut(BaseModel):
    """What looks wrong."""

    checked: int
    warnings: list[Warning_]


class DryRunIn(_Strict):
    """Rules to try, and on how many requests."""

    rules: list[RuleDraft] = Field(default=[], max_length=50, description="they count whether enabled or not")
    ids: list[RuleId] = Field(default=[], max_length=50, description="stored rules to try too")
    limit: Annotated[int, Field(ge=1, le=200), WHOLE] = Field(50, description="newest logged requests")
    surface: Line | None = None

    @model_validator(mode="after")
    def _something(self) -> "DryRunIn":
        if not self.rules and not self.ids:
            raise ValueError("there is nothing to try: send `rules`, `ids` or both")
        return self


class ProductCount(BaseModel):
    """A product and in how many slates."""

    id: str
    slates: int


class DryRunOut(BaseModel):
    """What the rules change in requests that were really made."""

    requests: int = Field(description="asked again, with and without the rules")
    skipped: dict[str, int] = Field(description="why others could not be asked again -> how many")
    changed: int = Field(description="slates that differ")
    comes: list[ProductCount]
    leaves: list[ProductCount]
    moves: list[ProductCount]
    mean_rank_change: float = Field(description="over products in both slates")
    relevance_before: float = Field(description="mean score of a slot, without what rules add")
    relevance_after: float
    relevance_lost: float = Field(description="share of it, 0 to 1; below 0 if it grows")
    acted: dict[str, int] = Field(description="rule -> slates it acted in")
    why_not: dict[str, int] = Field(description="what rules could not do -> how often")

    @classmethod
    def of(cls, trial: Trial, names: Mapping[int, str], most: Sequence[Mapping[int, int]]) -> "DryRunOut":
        """The trial with the merchant's ids; of products only those named most often."""
        comes, leaves, moves = (
            [ProductCount(id=names[key], slates=count) for key, count in one.items() if key in names] for one in most
        )
        frequent = sorted(trial.why_not.items(), key=lambda pair: (-pair[1], pair[0]))[:50]
        return cls(
            requests=trial.tried, skipped=dict(trial.skipped), changed=trial.changed, comes=comes, leaves=leaves,
            moves=moves, mean_rank_change=round(trial.mean_rank_change, 4),
            relevance_before=trial.relevance_before, relevance_after=trial.relevance_after, relevance_lost=trial.cost,
            acted=dict(trial.acted), why_not=dict(frequent),
        )  # fmt: skip
