"""The pictures of a product's page: its own, and further ones that the merchant gives as addresses."""

from collections.abc import Mapping
from typing import Any

from service.storefront.page import picture

FURTHER = "images"
"""The attribute with further pictures: one https address, or a list of them."""

_MOST = 8
_LONGEST = 2000


def views(product: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Large and small address of each picture, the product's own first; none where there is nothing to choose from.

    Only https is shown: the pages' policy forbids the rest.

    Examples
    --------
    >>> views({"id": "a", "attributes": {"images": ["https://shop.example/2.jpg", "javascript:alert(1)"]}})[1]
    ('https://shop.example/2.jpg', 'https://shop.example/2.jpg')
    >>> views({"id": "a", "attributes": {"images": "none"}})
    ()
    """
    raw = product["attributes"].get(FURTHER)
    told = raw if isinstance(raw, list | tuple) else [raw]
    urls = [one for one in told if isinstance(one, str) and one.startswith("https://") and len(one) <= _LONGEST]
    if not urls:
        return ()
    own = picture(product["id"], 640), picture(product["id"], 160)
    return own, *((url, url) for url in dict.fromkeys(urls[:_MOST]))


def facts(product: Mapping[str, Any]) -> dict[str, Any]:
    """What else is to be told of a product: its attributes without those that are pictures or empty."""
    return {name: value for name, value in product["attributes"].items() if name != FURTHER and value not in ("", [])}
