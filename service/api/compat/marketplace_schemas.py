"""The product of the marketplace's API, with every field of its description."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, WithJsonSchema

LocalTime = Annotated[datetime, WithJsonSchema({"type": "string", "description": "UTC, without a zone"})]
Json = Any
"""Of which the description says no more than null: text, a list or an object, as the shop has it."""


class MarketProduct(BaseModel):
    """A product as the marketplace's own database has it; defaults are those of the description's example."""

    id: str
    name: str
    description: str = ""
    price: float | None = None
    wholesalePrice: float = 0.0
    minOrderQuantity: int = 0
    availableQuantity: int = 0
    images: list[str] = []
    isDraft: bool = False
    status: str = "DRAFT"
    stockStatus: str = "IN_STOCK"
    rating: float = 0.0
    reviewCount: int = 0
    dimensions: Json = None
    material: str | None = None
    artistName: str | None = None
    certifications: Json = None
    rarity: str | None = None
    label: str | None = None
    techniques: Json = None
    color: str | None = None
    fabricType: str | None = None
    fabricWeight: str | None = None
    fitType: str | None = None
    discount: float | None = None
    deliveryCost: float | None = None
    certificateIssueDate: datetime | None = None
    galleryCertificateName: str | None = None
    sellerId: str | None = None
    categoryId: str | None = None
    pickupAddressId: str | None = None
    createdAt: LocalTime | None = None
    updatedAt: LocalTime | None = None
    attributes: dict[str, Json] | None = {}
    thumbnail: str | None = None
    documents: Json = None


class Recommendations(BaseModel):
    """The answer: products, best first."""

    recommended_products: list[MarketProduct]
