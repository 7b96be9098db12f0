"""What of a product goes into the index: the payload filters read, and a fingerprint of what encoders read."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from service.core.carried import facts
from service.core.fields import CATEGORY_SEPARATOR
from service.core.types import AttributeValue, Product
from service.store.column_types import as_utc
from service.store.hashing import digest

# ISO 4217, list one (six-group.com/iso-4217): every currency whose minor unit is not a hundredth
_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_TEN_THOUSANDTHS = "CLF UYW"
_MINOR_DIGITS = {
    currency: digits
    for digits, currencies in ((0, _WHOLE), (3, _THOUSANDTHS), (4, _TEN_THOUSANDTHS))
    for currency in currencies.split()
}
_EVERY_SEPARATOR = re.compile(f"(?={re.escape(CATEGORY_SEPARATOR)})")


def minor_digits(currency: str | None) -> int:
    """Decimal places of a currency's minor unit; 2 where it is unknown.

    Examples
    --------
    >>> minor_digits("EUR"), minor_digits("JPY"), minor_digits("KWD")
    (2, 0, 3)
    """
    return _MINOR_DIGITS.get(currency or "", 2)


def major_price(price_minor: int | None, currency: str | None) -> float | None:
    """A price in the unit people speak of.

    Examples
    --------
    >>> major_price(1299, "EUR"), major_price(1299, "JPY")
    (12.99, 1299.0)
    """
    return None if price_minor is None else price_minor / 10 ** minor_digits(currency)


def discount(price_minor: int | None, original_price_minor: int | None) -> float | None:
    """Share of the original price that is taken off, 0 to 1; None where there is no price.

    Examples
    --------
    >>> discount(75, 100), discount(100, None), discount(None, 100)
    (0.25, 0.0, None)
    """
    if price_minor is None:
        return None
    if original_price_minor is None or original_price_minor <= price_minor:
        return 0.0
    return 1 - price_minor / original_price_minor


def category_path(category: tuple[str, ...]) -> str | None:
    """The path as one text; None for no category.

    Examples
    --------
    >>> category_path(("Home", "Mugs"))
    'Home > Mugs'
    """
    return CATEGORY_SEPARATOR.join(category) if category else None


def ancestors(path: str | None) -> list[str]:
    """Every path that contains this one, broad to narrow, itself last: `core.fields.category_paths` from the text.

    A category name that holds the separator counts as two levels, here as in SQL.

    Examples
    --------
    >>> ancestors("Home > Kitchen > Mugs")
    ['Home', 'Home > Kitchen', 'Home > Kitchen > Mugs']
    """
    return [] if path is None else list(_ancestors(path))


@lru_cache(maxsize=10_000)  # a shop has few categories, and every request asks for hundreds of products'
def _ancestors(path: str) -> tuple[str, ...]:
    return (*(path[: cut.start()] for cut in _EVERY_SEPARATOR.finditer(path)), path)


def is_in_stock(stock: int | None) -> bool:
    """Whether it can be bought; untracked stock counts as available."""
    return stock is None or stock > 0


def epoch_seconds(moment: datetime | None) -> float | None:
    """Seconds since 1970, UTC."""
    return None if moment is None else as_utc(moment).timestamp()


def content_hash(product: Product) -> str:
    """Fingerprint of what the encoders read: words and picture, but neither price nor stock.

    Examples
    --------
    >>> content_hash(Product("1", "Mug", stock=3)) == content_hash(Product("1", "Mug", attributes={"_row": "x"}))
    True
    """
    return digest(
        [
            product.name,
            product.description,
            product.brand,
            product.category,
            plain_attributes(facts(product.attributes)),
            product.tags,
            product.image,
        ]
    )


def product_payload(product: Product) -> dict[str, Any]:
    """The Qdrant payload: each of `PRODUCT_FIELDS`, `attributes` and `payload_hash`.

    Every key is always there, None where unknown, so that an update never leaves an old value behind.

    Examples
    --------
    >>> product_payload(Product("1", "Mug", price_minor=1299, currency="EUR", stock=0))["in_stock"]
    False
    """
    payload: dict[str, Any] = {
        "id": product.external_id,
        "tenant": product.tenant,
        "brand": product.brand,
        "category": ancestors(category_path(product.category)),
        "tags": list(product.tags),
        "currency": product.currency,
        "price": major_price(product.price_minor, product.currency),
        "discount": discount(product.price_minor, product.original_price_minor),
        "rating": None if product.rating is None else float(product.rating),
        "review_count": product.review_count,
        "stock": product.stock,
        "in_stock": is_in_stock(product.stock),
        "visible": product.visible,
        "created_at": epoch_seconds(product.created_at),
        "attributes": plain_attributes(product.attributes),
    }
    return payload | {"payload_hash": digest(payload)}


def plain_attributes(attributes: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """Attributes as they come back from both engines: lists instead of tuples, whole numbers without a fraction.

    Examples
    --------
    >>> plain_attributes({"sizes": ("S", "M"), "weight": 2.0})
    {'sizes': ['S', 'M'], 'weight': 2}
    """
    return {name: _plain(value) for name, value in attributes.items()}


def _plain(value: AttributeValue) -> object:
    if isinstance(value, tuple):
        return list(value)
    # JSONB gives large floats back as integers (1e17 as 100000000000000000); a hash must not depend on it
    if isinstance(value, float) and value.is_integer() and -(2**63) <= value < 2**64:
        return int(value)
    return value
