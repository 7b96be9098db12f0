"""What products do not say of themselves."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from service.core.types import Product


@dataclass(frozen=True, slots=True)
class Missing:
    """In how many products an attribute is missing, and their share of all, 0-1."""

    attribute: str
    products: int
    share: float


_LACKS: Mapping[str, Callable[[Product], bool]] = {
    "description": lambda product: not product.description.strip(),
    "brand": lambda product: not (product.brand or "").strip(),
    "category": lambda product: not product.category,
    "price": lambda product: product.price_minor is None,
    "image": lambda product: not (product.image or "").strip(),
    "rating": lambda product: product.rating is None,
    "stock": lambda product: product.stock is None,  # not tracked: counts as available
}


def missing(products: Sequence[Product]) -> list[Missing]:
    """Every product field, then each free attribute that any product has, those found most often first.

    Examples
    --------
    >>> mug = Product("1", "Mug", brand="Alba", attributes={"colour": "red"})
    >>> {m.attribute: m.share for m in missing([mug, Product("2", "Lamp")])}["attributes.colour"]
    0.5
    """
    total = len(products)
    counts = {name: sum(map(lacks, products)) for name, lacks in _LACKS.items()}
    has = Counter(name for product in products for name, value in product.attributes.items() if value not in ("", ()))
    counts |= {f"attributes.{name}": total - found for name, found in sorted(has.items(), key=lambda e: (-e[1], e[0]))}
    return [Missing(name, count, count / total) for name, count in counts.items() if total]
