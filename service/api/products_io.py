"""Between the API's words and the core's: decimals outside, integer minor units inside."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import quote

from service.api.product_schemas import ProductFields, ProductOut
from service.core.types import Product
from service.store.current_rows import CurrentRow
from service.store.payload import major_price, minor_digits, plain_attributes
from service.store.product_rows import StoredProduct

_MADE = "card"


def to_product(external_id: str, fields: ProductFields, tenant: str) -> Product:
    """The core's product from what the API was sent."""
    return Product(
        **core_values(fields.model_dump(exclude={"id"}), fields.currency), external_id=external_id, tenant=tenant
    )


def core_values(values: Mapping[str, Any], currency: str | None) -> dict[str, Any]:
    """API field values as `Product` field values; only the given ones.

    Examples
    --------
    >>> from decimal import Decimal
    >>> core_values({"price": Decimal("12.99"), "tags": ["new"]}, "EUR")
    {'tags': ('new',), 'price_minor': 1299}
    """
    core = {name: value for name, value in values.items() if name not in ("price", "original_price")}
    for name in ("category", "tags"):
        if name in core:
            core[name] = tuple(core[name])
    if "attributes" in core:
        core["attributes"] = {k: tuple(v) if isinstance(v, list) else v for k, v in core["attributes"].items()}
    for name in ("price", "original_price"):
        if name in values:
            core[f"{name}_minor"] = _minor(values[name], currency)
    return core


def to_output(stored: StoredProduct) -> ProductOut:
    """A stored product as the API shows it."""
    product = stored.product
    return ProductOut(
        id=product.external_id,
        description=product.description,
        stock=product.stock,
        visible=product.visible,
        tags=list(product.tags),
        attributes=plain_attributes(product.attributes),
        created_at=product.created_at,
        updated_at=stored.updated_at,
        **shown(product),
    )


def shown(product: Product) -> dict[str, Any]:
    """The fields that every picture of a product has, on cards as on its own page."""
    return {
        "name": product.name,
        "brand": product.brand,
        "category": list(product.category),
        "price": major_price(product.price_minor, product.currency),
        "original_price": major_price(product.original_price_minor, product.currency),
        "currency": product.currency,
        "rating": product.rating,
        "review_count": product.review_count,
        "image": image_url(product),
        "link": product.link,
    }


def shown_now(current: CurrentRow) -> Mapping[str, Any]:
    """The same of a product as it is right now; made once of each, so treat it as read-only."""
    known: Mapping[str, Any] | None = current.made.get(_MADE)
    return known or current.made.setdefault(_MADE, _shown(current))


def _shown(current: CurrentRow) -> Mapping[str, Any]:
    row = current.row
    return {
        "name": current.name,
        "brand": row.brand,
        "category": current.categories,
        "price": row.price,
        "original_price": major_price(current.original_price_minor, row.currency),
        "currency": row.currency,
        "rating": row.rating,
        "review_count": row.review_count,
        "image": image_link(row.external_id, current.image),
        "link": current.link,
    }


def image_url(product: Product) -> str | None:
    """Where a browser finds the picture: the merchant's URL, or our own route for files and ``data:``."""
    return image_link(product.external_id, product.image)


def image_link(external_id: str, image: str | None) -> str | None:
    """The same of a product's id and picture."""
    if not image or image.startswith(("http://", "https://")):
        return image
    return f"/v1/products/{quote(external_id, safe='')}/image"


def _minor(amount: Decimal | None, currency: str | None) -> int | None:
    if amount is None:
        return None
    return int((amount * 10 ** minor_digits(currency)).to_integral_value(ROUND_HALF_UP))
