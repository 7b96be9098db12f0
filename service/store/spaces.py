"""Which collections exist and what each holds."""

from collections.abc import Mapping

from service.core.fields import PRODUCT_FIELDS, FieldKind
from service.store.vectors import Dense, Space, Sparse

PRODUCTS = "products"
BEHAVIOUR_PREFIX = "behaviour__"
USERS_PREFIX = "users__"

_BETWEEN_PRODUCTS = ("covisit", "sequence", "association")
SPARSE_SLOTS = frozenset({"lexical", *_BETWEEN_PRODUCTS})
"""Slots whose vectors are words or weights between products: what a vector has no entry for is 0 there."""


def products_space(text_size: int, image_size: int | None, fields: Mapping[str, FieldKind]) -> Space:
    """The collection with one point per product: ``text``, ``image`` (if there is an image encoder), ``lexical``.

    Examples
    --------
    >>> sorted(products_space(384, None, {}).dense)
    ['text']
    """
    dense = {"text": Dense(text_size)}
    if image_size is not None:
        dense["image"] = Dense(image_size)
    return Space(PRODUCTS, dense, {"lexical": Sparse(idf=True)}, fields)


def behaviour_name(release_id: str) -> str:
    """The collection of a release's products.

    Examples
    --------
    >>> behaviour_name("20261120-083000-4f2a")
    'behaviour__20261120-083000-4f2a'
    """
    return BEHAVIOUR_PREFIX + release_id


def users_name(release_id: str) -> str:
    """The collection of a release's users."""
    return USERS_PREFIX + release_id


def release_of(collection: str) -> str | None:
    """The release a collection belongs to; None for those of no release.

    Examples
    --------
    >>> release_of("users__one"), release_of("products")
    ('one', None)
    """
    for prefix in (BEHAVIOUR_PREFIX, USERS_PREFIX):
        if collection.startswith(prefix):
            return collection.removeprefix(prefix)
    return None


def behaviour_space(release_id: str, cf_size: int, fields: Mapping[str, FieldKind]) -> Space:
    """What training learned about products: ``cf`` (order by dot product), and weights between products.

    In the sparse slots ``covisit``, ``sequence`` and ``association`` the point of product j holds, at index i, how much
    i in the history speaks for j: the history as the query scores all products.
    """
    sparse = {slot: Sparse() for slot in _BETWEEN_PRODUCTS}
    return Space(behaviour_name(release_id), {"cf": Dense(cf_size, "dot")}, sparse, fields)


def users_space(release_id: str, cf_size: int) -> Space:
    """What training learned about users: ``cf``, in the space of the products'."""
    fields = {"tenant": PRODUCT_FIELDS["tenant"]}
    return Space(users_name(release_id), {"cf": Dense(cf_size, "dot")}, {}, fields)
