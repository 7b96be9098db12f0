"""What goes in and out of the AuraStyle API."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.api.product_schemas import Shown
from service.api.values import ProductId

Event = Literal["view", "cart", "purchase"]


class Metrics(BaseModel):
    """How a product does."""

    popularity: float = Field(description="what everybody did with it by the weights of events, counted now and then")
    rating: float | None
    review_count: int


class ProductOut(Shown):
    """A product of the catalogue."""

    id: str
    description: str
    tags: list[str]
    attributes: dict[str, Any]
    in_stock: bool
    metrics: Metrics


class Products(BaseModel):
    """One page of the catalogue."""

    items: list[ProductOut]
    total: int = Field(description="on all pages")
    total_is_at_least: bool = Field(description="there may be more than `total`")
    next_cursor: str | None = Field(description="send it back as `cursor`; null on the last page")


class Weights(BaseModel):
    """Wc, Wcf and Wp of the formula."""

    content: float
    collaborative: float
    popularity: float


class Recommended(BaseModel):
    """A product with its score: weights x parts, and what else was added."""

    product: ProductOut
    score: float
    content: float = Field(description="cosine with what the user dealt with, normalised, 0 to 1")
    collaborative: float = Field(description="what matrix factorisation predicts, normalised, 0 to 1")
    popularity: float = Field(description="what everybody did, normalised, 0 to 1")
    adjustments: dict[str, float] = Field(description="what business rules and the like added; empty by default")


class Recommendations(BaseModel):
    """What a user may like, best first."""

    user_id: str
    items: list[Recommended]
    weights: Weights
    model_version: str | None = Field(description="the release of the factorisation; null before the first training")
    request_id: str
    fallback: str | None = Field(description="why it builds on less than the user's own past")


class SimilarProduct(BaseModel):
    """A product and how near it is."""

    product: ProductOut
    similarity: float = Field(description="cosine of the two vectors, -1 to 1")


class SimilarProducts(BaseModel):
    """Products like one product, nearest first."""

    product_id: str
    items: list[SimilarProduct]


class InteractionIn(BaseModel):
    """What the signed-in user did."""

    model_config = ConfigDict(extra="forbid")

    product_id: ProductId
    event: Event


class InteractionOut(BaseModel):
    """An entry of the log; nothing changes it."""

    product_id: str
    event: str
    weight: float
    timestamp: datetime


class Interactions(BaseModel):
    """What the signed-in user did, newest first."""

    items: list[InteractionOut]


class Health(BaseModel):
    """Whether the API can do its work."""

    status: Literal["ok", "degraded", "failed"]
    parts: dict[str, str] = Field(description="ok, degraded or failed")
    problems: dict[str, str] = Field(description="part -> why it does not work as it should")
    model_version: str | None = Field(description="the release that answers; null before the first training")
    text_dimensions: int = Field(description="of the vectors of products")
    factorisation: str = Field(description="as configured: lightfm, svd, als or nmf")
