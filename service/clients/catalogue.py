"""Requests about products, one or many."""

from collections.abc import Iterable, Sequence
from typing import Unpack

from service.clients.answers.catalogue import BatchResult, ItemResult, ProductOut, ProductPage
from service.clients.asks.catalogue import CatalogueAsk, NewProduct, Product, ProductChange, ProductFields, Width
from service.clients.call import Call, in_path, params


def list_products(**asked: Unpack[CatalogueAsk]) -> Call[ProductPage]:
    """A page of the catalogue; `each_product` walks through all of them.

    Examples
    --------
    >>> list_products(category="Bags", sort="-price", limit=3).target
    '/v1/products?category=Bags&sort=-price&limit=3'
    """
    return Call("GET", "/v1/products", ProductPage, params(asked))


def get_product(id: str, /) -> Call[ProductOut]:
    """One product as stored."""
    return Call("GET", _path(id), ProductOut)


def put_product(id: str, /, **fields: Unpack[NewProduct]) -> Call[ItemResult]:
    """Create or replace one product; searchable within two seconds.

    Examples
    --------
    >>> put_product("a/7", name="Blue mug", price=12.99, currency="EUR").path
    '/v1/products/a%2F7'
    """
    return Call("PUT", _path(id), ItemResult, body=fields)


def put_products(products: Iterable[Product], /) -> Call[BatchResult]:
    """Create or replace up to a thousand products; the answer has one result per product."""
    return Call("PUT", "/v1/products", BatchResult, body={"products": list(products)})


def patch_product(id: str, /, **fields: Unpack[ProductFields]) -> Call[ProductOut]:
    """Change some fields of one product, such as `price` or `stock`.

    Examples
    --------
    >>> patch_product("mug-7", stock=0).body
    {'stock': 0}
    """
    return Call("PATCH", _path(id), ProductOut, body=fields, repeats=True)


def patch_products(products: Iterable[ProductChange], /) -> Call[BatchResult]:
    """Change some fields of up to a thousand products."""
    return Call("PATCH", "/v1/products", BatchResult, body={"products": list(products)}, repeats=True)


def delete_product(id: str, /) -> Call[ItemResult]:
    """Delete one product: gone from every answer at once."""
    return Call("DELETE", _path(id), ItemResult)


def delete_products(ids: Sequence[str], /) -> Call[BatchResult]:
    """Delete many products; one result per id."""
    return Call("DELETE", "/v1/products", BatchResult, params({"id": ids}))


def picture(id: str, /, *, width: Width | None = None) -> Call[bytes]:
    """The picture of a product as a page needs it; a neutral one where there is none."""
    return Call("GET", f"{_path(id)}/picture", bytes, params({"width": width}))


def image(id: str, /) -> Call[bytes]:
    """The picture of a product as it was given, where it is a file or a ``data:`` URL."""
    return Call("GET", f"{_path(id)}/image", bytes)


def _path(id: str) -> str:
    return f"/v1/products/{in_path(id)}"
