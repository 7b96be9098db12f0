"""The words of the service as frozen dataclasses; scores point up everywhere.

Shape letters: P products, C candidates, D dimensions, S signals, N slots.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]

Scalar = str | int | float | bool
AttributeValue = Scalar | tuple[str, ...]

DEFAULT_TENANT = "default"


@dataclass(frozen=True, slots=True)
class Product:
    """What is recommended, as the merchant describes it.

    Parameters
    ----------
    external_id : the merchant's id, 1-128 characters, unique per tenant.
    category : path from broad to narrow, ``("Home", "Kitchen", "Mugs")``.
    price_minor, original_price_minor : integer minor units of `currency` (cents, paise), >= 0, or None if unknown.
    rating : 0 to 5, or None. review_count : >= 0.
    image : file path, ``data:`` or http(s) URL.
    stock : pieces left; None means stock is not tracked and the product counts as available.
    """

    external_id: str
    name: str
    description: str = ""
    brand: str | None = None
    category: tuple[str, ...] = ()
    price_minor: int | None = None
    original_price_minor: int | None = None
    currency: str | None = None
    rating: float | None = None
    review_count: int = 0
    image: str | None = None
    link: str | None = None
    stock: int | None = None
    visible: bool = True
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    tenant: str = DEFAULT_TENANT
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SparseVector:
    """A vector given by its non-zero entries: indices uint32[nnz] (unique), values float32[nnz]."""

    indices: NDArray[np.uint32]
    values: Floats


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product one signal proposes; `product_id` is the internal integer key, larger `score` is better."""

    product_id: int
    score: float
