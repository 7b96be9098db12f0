"""Which collections exist and what each holds."""

from collections.abc import Mapping

from service.core.fields import FieldKind
from service.store.vectors import Dense, Space, Sparse

PRODUCTS = "products"


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
