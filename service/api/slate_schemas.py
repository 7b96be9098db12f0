"""The shapes of what is asked of a list of products, and of the list."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from service.api.product_schemas import Shown
from service.api.values import NAMED, SAYING, Flag, Input, Number, PersonId, Place, ProductId
from service.core.understood import TRAIT_KINDS, TraitKind

MAX_PICTURE_URL = 14_000_000
"""Characters of a picture in a request; 10 MB and a bit as base64."""

Term = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=SAYING)]
Terms = Annotated[dict[Term, Annotated[Number, Field(ge=-10, le=10)]], Field(max_length=20), NAMED]
Weight = Annotated[Number, Field(ge=0, le=1000)]


class BoostIn(Input):
    """What this request wants more of, or less."""

    filter: dict[str, Any]
    weight: Number = Field(ge=-1000, le=1000, description="added to the fused score")


class SlateRequest(Input):
    """What every list request can say."""

    n: Place | None = Field(None, description="products wanted; the surface's own n if left out")
    filter: dict[str, Any] | None = Field(
        None,
        description="must / should / must_not of {field, match} and {field, range}",
        examples=[{"must": [{"field": "price", "range": {"lt": 50}}, {"field": "in_stock", "match": True}]}],
    )
    exclude_ids: list[ProductId] = Field(default=[], max_length=10_000)
    boost: list[BoostIn] = Field(default=[], max_length=20, description="beside the business rules in force")
    weights: dict[str, Weight] | None = Field(
        None, description="signal -> weight, laid over the configured ones; 0 switches a signal off"
    )
    mmr_lambda: Number | None = Field(None, ge=0, le=1, description="1 = relevance only, 0 = variety only")
    explain: Flag = Field(False, description="add each signal's contribution to every item, and the time of each step")
    user: PersonId | None = Field(None, description="your own id of the user")
    session: PersonId | None = Field(None, description="what an anonymous visitor is known by")
    variants: dict[str, str] = Field(
        default={}, max_length=20, description="for testers: experiment -> variant; such answers do not count"
    )


class SearchFields(Input):
    """How the words of a search are read, and what they go with."""

    terms: Terms = Field(
        default={},
        description="words with weights, below 0 for what is not wanted; beside `query` or alone",
        examples=[{"red dress": 1.0, "buttons": -0.5}],
    )
    affinity: Weight | None = Field(
        None, description="added at most to what is nearest to the past of `user` or `session`; 0 = not personal"
    )
    correct: Flag = Field(True, description="false: misspelt words stay as they are")
    ignore: list[TraitKind] = Field(
        default=[], max_length=len(TRAIT_KINDS), description="kinds of traits that no words are to be read as"
    )


class SearchRequest(SearchFields, SlateRequest):
    """A search, by any mix of words, a picture and a product."""

    query: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=r"^[^\x00]*$")
    ]
    image: Annotated[str, StringConstraints(max_length=MAX_PICTURE_URL)] | None = Field(
        None, description="http(s) or data: URL of a picture that products should look like; a form may upload it"
    )
    product: ProductId | None = Field(None, description="a product that others should resemble; not shown itself")


class SaidOut(BaseModel):
    """What one signal said of a product."""

    raw: float = Field(description="the engine's score")
    rank: int = Field(description="in the signal's own list, 1 is the best")
    of: int = Field(description="how many products the signal proposed")
    normalised: float
    weight: float
    contribution: float = Field(description="weight x normalised: what it added to the score")


class Card(Shown):
    """One product of an answer, ready to be shown."""

    id: str
    rank: int = Field(description="1 is the first")
    score: float
    source: str = Field(description="the signal that contributed most")
    reason: str = Field(description="why it is here, in words")
    contributions: dict[str, float] | None = Field(
        None, description="signal -> its share of the score; they add up to it"
    )
    level: str = Field(description="what it builds on: personal, session, content, category or global")
    guest: str | None = Field(None, description="chance gave it the slot: balance, serendipity or explore")
    because: str | None = Field(None, description="with explain: the product that led to this one")
    confidence: str | None = Field(None, description="with explain: Very High, High, Medium or Exploratory")
    place: int | None = Field(None, description="with explain: where it stood by its score, before variety and pins")
    signals: dict[str, SaidOut] | None = Field(None, description="with explain: what each signal said of it")
    in_stock: bool


class Fallback(BaseModel):
    """Why an answer builds on less than the user's own past, or on less than all words of a search."""

    level: str
    reason: str


class RuleActOut(BaseModel):
    """What a business rule did to this answer."""

    rule: str
    kind: str = Field(description="boost, bury, pin, exclude, include_only or quota")
    products: list[str] = Field(description="of this answer, those it touched")
    why_not: list[str] = Field(description="what of it could not be done")


class TraitOut(BaseModel):
    """Words of a search that name something products have."""

    kind: TraitKind
    words: str = Field(description="as they were typed")
    filter: dict[str, Any] = Field(description="what a product must meet to have it")
    effect: Literal["filter", "boost"] = Field(description="whether others are left out, or come later")


class UnderstoodOut(BaseModel):
    """How the words of a search were read."""

    text: str = Field(description="what the search by meaning reads")
    corrected: dict[str, str] = Field(description="word as it was typed -> the shop's word that also stands for it")
    synonyms: dict[str, list[str]] = Field(description="what was asked for -> what else was looked for")
    units: list[str] = Field(description="sizes as the shop writes them")
    exact: int = Field(description="how many products are named outright, by id or model number")
    traits: list[TraitOut] = Field(description="what else the words say; switch kinds off with `ignore`")


class SlateOut(BaseModel):
    """An ordered list of products."""

    request_id: str = Field(description="send it back with events, so that clicks find their impression")
    surface: str
    release: str | None
    variant: str
    took_ms: float
    items: list[Card]
    fallback: Fallback | None = Field(None, description="why a feed is not personal, or a search relaxed")
    shortfall: str | None = Field(None, description="why there are fewer items than asked for")
    degraded: dict[str, str] = Field(description="signal -> why it did not take part")
    step_ms: dict[str, float] | None = None
    rules: list[RuleActOut] | None = Field(None, description="with explain: the business rules that acted")
    understood: UnderstoodOut | None = Field(None, description="of searches: how the words were read")
