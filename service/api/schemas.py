"""The shapes of requests and answers."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints, WithJsonSchema

from config.surface import SHELVES, ShelfName
from service.core.fields import CATEGORY_SEPARATOR
from service.core.understood import TRAIT_KINDS, TraitKind

ProductId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
PersonId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
SAYING = r"^[^\x00]*[^\x00\s][^\x00]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=SAYING)]
Prose = Annotated[str, StringConstraints(max_length=100_000, pattern=r"^[^\x00]*$")]
Url = Annotated[str, StringConstraints(max_length=2_000_000, pattern=r"^(https?://|data:image/)[^\x00\s]+$")]
Link = Annotated[str, StringConstraints(max_length=4096, pattern=r"^[^\x00\s]+$")]
Flag = Annotated[bool, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]


def _whole(value: object) -> object:
    # 3.0 is a whole number in JSON; "3" and true are none
    if isinstance(value, bool | str):
        raise ValueError("not a whole number")
    return value


def _written(value: object) -> object:
    if isinstance(value, bool) or (isinstance(value, str) and not _DECIMAL.fullmatch(value)):
        raise ValueError("neither a number nor a decimal such as '12.99'")
    return value


def _moment(value: object) -> object:
    if not isinstance(value, str | datetime) or (isinstance(value, str) and _SECONDS.fullmatch(value)):
        raise ValueError("not a date and time such as 2026-03-01T12:00:00Z")
    return value


_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
_SECONDS = re.compile(r"\s*[-+]?[0-9.]*\s*")
WHOLE = BeforeValidator(_whole)
"""Behind the limits of an int: neither texts nor truth values are taken for one."""

Count = Annotated[int, Field(ge=0, lt=2**31), WHOLE]
Place = Annotated[int, Field(ge=1), WHOLE]
Money = Annotated[
    Decimal,
    BeforeValidator(_written),
    Field(ge=0, lt=10**12, allow_inf_nan=False),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "exclusiveMaximum": 10**12},
                {"type": "string", "pattern": f"^{_DECIMAL.pattern}$"},
            ]
        }
    ),
]
Moment = Annotated[datetime, BeforeValidator(_moment)]
NAMED = Field(json_schema_extra={"additionalProperties": False})
"""Of a dict whose keys have a pattern: there are no others."""
Attribute = Line | Flag | Annotated[int, Strict()] | Number | list[Line]


def _path(value: object) -> object:
    return [part.strip() for part in value.split(CATEGORY_SEPARATOR.strip())] if isinstance(value, str) else value


_Path = Annotated[list[Line], Field(max_length=10)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProductFields(_Input):
    """What a merchant may say of a product; the same names as in the native file format."""

    name: Line
    description: Prose = ""
    brand: Line | None = None
    category: Annotated[_Path, BeforeValidator(_path, json_schema_input_type=_Path | Line)] = Field(
        default=[], description="path, broad to narrow: a list or 'Home > Kitchen > Mugs'"
    )
    price: Money | None = Field(None, description="in major units: 12.99")
    original_price: Money | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = Field(None, examples=["EUR"])
    rating: Number | None = Field(None, ge=0, le=5)
    review_count: Count = 0
    image: Url | None = Field(None, description="http(s) or data: URL")
    link: Link | None = None
    stock: Count | None = Field(None, description="null: not tracked, counts as available")
    visible: Flag = True
    tags: list[Line] = Field(default=[], max_length=100)
    attributes: Annotated[dict[Line, Attribute], NAMED] = Field(default={}, max_length=200)
    created_at: Moment | None = None


class ProductIn(ProductFields):
    """A product with its id."""

    id: ProductId


class ProductPatch(ProductFields):
    """The fields to change; those left out stay as they are."""

    name: Line = Field("", description="left out: stays as it is")


class ProductPatchItem(ProductPatch):
    """The fields to change of the product with this id."""

    id: ProductId


class Shown(BaseModel):
    """What every picture of a product has."""

    name: str
    brand: str | None
    category: list[str]
    price: float | None
    original_price: float | None
    currency: str | None
    rating: float | None
    review_count: int
    image: str | None
    link: str | None


class ProductOut(Shown):
    """A product as stored."""

    id: str
    description: str
    stock: int | None
    visible: bool
    tags: list[str]
    attributes: dict[str, Any]
    created_at: datetime | None
    updated_at: datetime


class ProductPage(BaseModel):
    """One page of the catalogue."""

    items: list[ProductOut]
    total: int
    next_cursor: str | None


class ItemResult(BaseModel):
    """What became of one item of a batch."""

    id: str | None
    status: str = Field(description="created, updated, unchanged, deleted, not_found or rejected")
    error: str | None = None


class BatchResult(BaseModel):
    """One result per item, in the order sent."""

    results: list[ItemResult]


class ProductBatch(_Input):
    """Several products; each is checked by itself, so one bad product does not keep the others out."""

    products: list[dict[str, Any]] = Field(min_length=1, max_length=1000)


MAX_PICTURE_URL = 14_000_000
"""Characters of a picture in a request; 10 MB and a bit as base64."""

Term = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=SAYING)]
Terms = Annotated[dict[Term, Annotated[Number, Field(ge=-10, le=10)]], Field(max_length=20), NAMED]
Weight = Annotated[Number, Field(ge=0, le=1000)]


class BoostIn(_Input):
    """What this request wants more of, or less."""

    filter: dict[str, Any]
    weight: Number = Field(ge=-1000, le=1000, description="added to the fused score")


class SlateRequest(_Input):
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


class SearchFields(_Input):
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


class Happened(_Input):
    """What the visitor did with a product."""

    type: Literal["view", "click", "purchase"]
    product: ProductId


class ToldFields(_Input):
    """What a feed is told of its visitor, beside the events that were sent."""

    history: list[Happened] = Field(
        default=[],
        max_length=1000,
        description="what the visitor did, newest last, where you keep that yourself: it counts beside the events that "
        "were sent, in this answer and while `session` lasts, and trains nothing",
    )
    categories: list[Line] = Field(
        default=[], max_length=100, description="names or paths of categories that are looked at now, newest last"
    )


class HomeRequest(ToldFields, SlateRequest):
    """A user's feed; without user and session it is a newcomer's."""

    shelves: Literal["all"] | Annotated[list[ShelfName], Field(min_length=1, max_length=len(SHELVES))] | None = Field(
        None, description="several lists instead of one; `all` is the page as configured, and `n` counts per shelf"
    )


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


class ShelfOut(BaseModel):
    """One list of a page."""

    name: str
    title: str
    category: str | None = Field(description="the category it is about, of `top_categories`")
    items: list[Card]
    shortfall: str | None = Field(description="why there are fewer items than asked for")


class HomeOut(SlateOut):
    """A feed, or a page of shelves."""

    unknown: list[str] | None = Field(
        None, description="products of `history` and `categories` that the shop does not have; they do not count"
    )
    shelves: list[ShelfOut] | None = Field(None, description="where shelves were asked for; `items` is empty then")
