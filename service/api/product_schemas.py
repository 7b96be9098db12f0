"""The shapes of products as they are sent and answered."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

from service.api.values import (
    NAMED,
    Attribute,
    Count,
    Flag,
    Input,
    Line,
    Link,
    Moment,
    Money,
    Number,
    ProductId,
    Prose,
    Url,
)
from service.core.fields import CATEGORY_SEPARATOR


def _path(value: object) -> object:
    return [part.strip() for part in value.split(CATEGORY_SEPARATOR.strip())] if isinstance(value, str) else value


_Path = Annotated[list[Line], Field(max_length=10)]


class ProductFields(Input):
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


class ProductBatch(Input):
    """Several products; each is checked by itself, so one bad product does not keep the others out."""

    products: list[dict[str, Any]] = Field(min_length=1, max_length=1000)
