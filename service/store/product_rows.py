"""Between a `Product` and its row: checked on the way in, rebuilt on the way out."""

import re
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from service.core.errors import InvalidQuery
from service.core.types import AttributeValue, Product
from service.store.column_types import as_utc
from service.store.payload import category_path, content_hash, discount, major_price, plain_attributes, product_payload
from service.store.tables import PRODUCT

_MAX_ID = 128
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_TEXTS = ("external_id", "tenant", "name", "description", "brand", "currency", "image", "link")
_NUMBERS = ("price_minor", "original_price_minor", "review_count", "stock", "rating")

_COPIED = ("name", "description", "brand", "currency", "image", "link", "price_minor", "original_price_minor",
           "review_count", "stock", "visible")  # fmt: skip

PRODUCT_COLUMNS = tuple(
    PRODUCT.c[name]
    for name in ("id", "external_id", "tenant", *_COPIED, "rating", "category", "tags", "attributes", "created_at",
                 "updated_at")
)  # fmt: skip
"""What `to_stored` reads."""


@dataclass(frozen=True, slots=True)
class StoredProduct:
    """A product with its internal key and the moment it last changed (UTC)."""

    id: int
    product: Product
    updated_at: datetime


def is_storable(text: str) -> bool:
    """Whether both engines can hold the text: no NUL (PostgreSQL), no half of a surrogate pair (both).

    Examples
    --------
    >>> is_storable("Crème ₹"), is_storable("a\\x00b")
    (True, False)
    """
    return _NOT_TEXT.search(text) is None


def check_storable(product: Product) -> None:
    """Refuse what the database cannot hold; loaders and the API clean their input long before.

    Raises
    ------
    InvalidQuery : naming the product, the field and what is allowed.
    """
    if not 1 <= len(product.external_id) <= _MAX_ID or not 1 <= len(product.tenant) <= _MAX_ID:
        raise InvalidQuery(
            f"product id and tenant must have 1 to {_MAX_ID} characters, got {product.external_id[:200]!r} "
            f"of tenant {product.tenant[:200]!r}",
            code="invalid_product",
        )
    for field in _TEXTS:
        _check_text(product, field, getattr(product, field))
    for field in _NUMBERS:
        _check_number(product, field, getattr(product, field))
    for word in (*product.category, *product.tags, *product.attributes):
        _check_text(product, "category, tags or attribute names", word)
    for name, value in product.attributes.items():
        _check_attribute(product, f"attributes.{name}", value)


def row_values(product: Product, created_at: datetime) -> dict[str, Any]:
    """The columns that follow from the product alone; `product.created_at` is already in its hash if it is known."""
    path = category_path(product.category)
    return {field: getattr(product, field) for field in _COPIED} | {
        "tenant": product.tenant,
        "external_id": product.external_id,
        "category": list(product.category),
        "category_path": path,
        "price": major_price(product.price_minor, product.currency),
        "discount": discount(product.price_minor, product.original_price_minor),
        "rating": None if product.rating is None else float(product.rating),
        "tags": list(product.tags),
        "attributes": plain_attributes(product.attributes),
        "created_at": created_at,
        "content_hash": content_hash(product),
        "payload_hash": product_payload(product)["payload_hash"],
    }


def to_stored(row: Any) -> StoredProduct:
    """Rebuild a product from an SQLAlchemy row that holds `PRODUCT_COLUMNS`."""
    fields = row._mapping
    product = Product(
        external_id=fields["external_id"],
        tenant=fields["tenant"],
        rating=fields["rating"],
        category=tuple(fields["category"]),
        tags=tuple(fields["tags"]),
        attributes={name: tuple(v) if isinstance(v, list) else v for name, v in fields["attributes"].items()},
        created_at=fields["created_at"],
        **{field: fields[field] for field in _COPIED},
    )
    return StoredProduct(fields["id"], product, fields["updated_at"])


def utc_or_none(moment: datetime | None) -> datetime | None:
    """An aware UTC moment, if there is one."""
    return None if moment is None else as_utc(moment)


def _check_text(product: Product, field: str, value: str | None) -> None:
    if value is not None and not is_storable(value):
        raise InvalidQuery(
            f"product {product.external_id!a}: {field} holds a NUL byte or half a surrogate pair; remove it",
            code="invalid_product",
        )


def _check_number(product: Product, field: str, value: float | None, limit: int = 2**63) -> None:
    if value is None or (isfinite(value) if isinstance(value, float) else -(2**63) <= value < limit):
        return
    raise InvalidQuery(
        f"product {product.external_id!a}: {field} is {str(value)[:40]}, not a finite number of at most 64 bits",
        code="invalid_product",
    )


def _check_attribute(product: Product, field: str, value: AttributeValue) -> None:
    for item in value if isinstance(value, tuple) else (value,):
        if isinstance(item, str):
            _check_text(product, field, item)
        else:
            _check_number(product, field, item, limit=2**64)
