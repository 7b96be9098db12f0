"""The hidden truth of the demo shop: what a shopper really thinks of a product, as one inner product."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np

from indexer.demo.look import DemoProduct
from indexer.demo.words import words
from service.core.types import Floats


@dataclass(frozen=True, slots=True, eq=False)
class DemoShopper:
    """A shopper: what the shop knows, and the taste it can only guess.

    Parameters
    ----------
    external_id : ``"U0001"``.
    joined_at : the first time it is seen (UTC).
    interests : department names it declared when registering; may be empty.
    activity : expected share of sessions, relative to others; > 0.
    early, late : float32[D], hidden weights of `feature_names` at the beginning and the end of the period;
        in between the taste drifts linearly from one to the other.
    """

    external_id: str
    joined_at: datetime
    interests: tuple[str, ...]
    activity: float
    early: Floats
    late: Floats


@lru_cache(maxsize=1)
def feature_names() -> dict[str, int]:
    """``"kind:value"`` -> column, for everything a taste can weigh.

    Examples
    --------
    >>> feature_names()["department:clothing"], len(feature_names())
    (0, 127)
    """
    vocabulary = words()
    groups = {
        "department": vocabulary.departments,
        "type": vocabulary.types,
        "colour": vocabulary.colours,
        "pattern": vocabulary.patterns,
        "brand": vocabulary.brands,
        "style": vocabulary.styles,
    }
    names = [f"{group}:{value}" for group, values in groups.items() for value in values]
    names += ["price", "price squared", "quality", "discount"]
    return {name: column for column, name in enumerate(names)}


def product_features(products: Sequence[DemoProduct]) -> Floats:
    """What tastes look at: float32[P, D], ones for attributes; price in e-folds above the type's usual price."""
    columns = feature_names()
    features = np.zeros((len(products), len(columns)), np.float32)
    for row, item in enumerate(products):
        look, price = features[row], relative_price(item)
        for name in _attributes(item):
            look[columns[name]] = 1.0
        look[columns["price"]], look[columns["price squared"]] = price, price * price
        look[columns["quality"]], look[columns["discount"]] = item.quality, discount(item)
    return features


def true_utility(shopper: DemoShopper, item: DemoProduct, progress: float = 0.0) -> float:
    """How much a shopper likes a product; only differences between products of one shopper mean something.

    Parameters
    ----------
    progress : where in the period, 0 (its first day) to 1 (its last).
    """
    return float(utilities([shopper], [item], progress)[0, 0])


def utilities(shoppers: Sequence[DemoShopper], products: Sequence[DemoProduct], progress: float = 0.0) -> Floats:
    """`true_utility` of every shopper for every product, float32[U, P]."""
    tastes = np.stack([(1 - progress) * shopper.early + progress * shopper.late for shopper in shoppers])
    return np.asarray(tastes @ product_features(products).T, np.float32)


def relative_price(item: DemoProduct) -> float:
    """Natural logarithm of the price over the geometric middle of its type's price range."""
    low, high = words().types[item.look.type].price
    return float(np.log((item.product.price_minor or 1) / 100 / (low * high) ** 0.5))


def discount(item: DemoProduct) -> float:
    """Share taken off the original price, 0 to 1."""
    price, original = item.product.price_minor, item.product.original_price_minor
    return 1 - price / original if price is not None and original else 0.0


def _attributes(item: DemoProduct) -> tuple[str, ...]:
    look = item.look
    return (
        f"department:{look.department}",
        f"type:{look.type}",
        f"colour:{look.colour}",
        f"pattern:{look.pattern}",
        f"brand:{look.brand}",
        f"style:{words().brands[look.brand].style}",
    )
