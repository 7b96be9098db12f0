"""What requests for lists of products can say; whatever is None is not sent."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Required, TypedDict

Shelf = Literal[
    "for_you", "recently_viewed", "buy_again", "top_categories", "trending", "best_value", "new_arrivals"
]  # fmt: skip
Trait = Literal["price", "brand", "category", "colour", "size", "material", "gender"]


class SimpleFilter(TypedDict, total=False):
    """Common conditions: all of the given ones, and any of the values of each."""

    brand: str | Sequence[str] | None
    category: str | Sequence[str] | None
    tag: str | Sequence[str] | None
    min_price: float | None
    max_price: float | None
    min_rating: float | None
    in_stock: bool | None


class Boost(TypedDict):
    """What this request wants more of (`weight` above 0), or less."""

    filter: Mapping[str, Any]
    weight: float


class Happened(TypedDict):
    """What the visitor did with a product."""

    type: Literal["view", "click", "purchase"]
    product: str


class Visitor(TypedDict, total=False):
    """Who asks: your own id of the user, and what an anonymous visitor is known by."""

    user: str | None
    session: str | None
    variants: Mapping[str, str] | None


class SlateAsk(SimpleFilter, Visitor, total=False):
    """What every list request can say."""

    n: int | None
    filter: Mapping[str, Any] | None
    exclude_ids: Sequence[str] | None
    boost: Sequence[Boost] | None
    weights: Mapping[str, float] | None
    mmr_lambda: float | None
    explain: bool | None


class Words(TypedDict, total=False):
    """How the words of a search are read, and what they go with."""

    terms: Mapping[str, float] | None
    affinity: float | None
    correct: bool | None
    ignore: Sequence[Trait] | None


class Ways(TypedDict, total=False):
    """In which way products are to be similar, and what they are to have in common."""

    mode: str | None
    price_band: float | None
    same_price_band: bool | None
    same_brand: bool | None
    same_category: bool | None
    all_variants: bool | None


class Told(TypedDict, total=False):
    """What a feed is told of its visitor, newest last, beside the events that were sent."""

    history: Sequence[Happened] | None
    categories: Sequence[str] | None


class HomeAsk(SlateAsk, Told, total=False):
    """A feed."""

    shelves: Literal["all"] | Sequence[Shelf] | None


class SearchAsk(SlateAsk, Words, total=False):
    """A search by words, a picture (URL, or the bytes of a file), a product, or any mix."""

    query: str | None
    image: str | bytes | None
    product: str | None
    sort: str | None
    facets: Sequence[str] | None
    cursor: str | None


class SimilarAsk(SlateAsk, Ways, total=False):
    """Products like a product."""


class ExplainAsk(SlateAsk, Words, Ways, Told, total=False):
    """A request, and the product it is about."""

    surface: Required[Literal["home", "search", "similar"]]
    product: Required[str]
    query: str | None
    anchor: str | None


class BundleAsk(TypedDict, total=False):
    """A product, or a basket of several."""

    products: Required[Sequence[str]]
    n: int | None
    filter: Mapping[str, Any] | None
    exclude_ids: Sequence[str] | None
