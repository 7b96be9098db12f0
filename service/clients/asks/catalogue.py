"""What a merchant may say of a product."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypedDict

from service.clients.asks.lists import SimpleFilter

Money = Decimal | float | str
Attribute = str | bool | int | float | Sequence[str]
Width = Literal[160, 320, 640]


class Details(TypedDict, total=False):
    """The fields of a product but its name, as in the native file format; None empties one."""

    description: str
    brand: str | None
    category: str | Sequence[str]
    price: Money | None
    original_price: Money | None
    currency: str | None
    rating: float | None
    review_count: int
    image: str | None
    link: str | None
    stock: int | None
    visible: bool
    tags: Sequence[str]
    attributes: Mapping[str, Attribute]
    created_at: datetime | None


class ProductFields(Details, total=False):
    """The fields of a product that may be changed."""

    name: str


class NewProduct(Details):
    """The fields of a whole product."""

    name: str


class Product(NewProduct):
    """A whole product with its id."""

    id: str


class ProductChange(ProductFields):
    """The fields to change of the product with this id."""

    id: str


class CatalogueAsk(SimpleFilter, total=False):
    """A page of the catalogue; hidden and sold-out products are included."""

    filter: Mapping[str, object] | None
    sort: str | None
    cursor: str | None
    limit: int | None
