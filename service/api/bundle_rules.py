"""Which rules of a basket make its bundle: several antecedents' rules as one list, without variants of one product."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.core.carried import facts
from service.core.types import Product

_SIZES = frozenset(("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl"))
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Goes:
    """A product that goes with a basket.

    Attributes
    ----------
    product : internal id. score : sum of log lift over the antecedents, >= 0.
    support, confidence, lift : of its strongest rule, the one of the highest lift.
    having : the antecedents it has a rule with, strongest first.
    """

    product: int
    score: float
    support: float
    confidence: float
    lift: float
    having: tuple[int, ...]


def combine(rules: Mapping[int, Sequence[Mapping[str, Any]]]) -> list[Goes]:
    """What goes with the basket as a whole, best first; never a product of the basket.

    Parameters
    ----------
    rules : product of the basket -> its rules, as the payload of a release has them.

    Notes
    -----
    Logarithms of lift are added over the antecedents, as in naive Bayes: what goes a little with everything in the
    basket beats what goes a little with one of it, and a product with one rule keeps the order of lift.

    Examples
    --------
    >>> rule = {"support": 0.1, "confidence": 0.5}
    >>> found = combine({1: [{"with": [3], "lift": 2.0, **rule}, {"with": [4], "lift": 3.0, **rule}],
    ...                  2: [{"with": [3], "lift": 2.5, **rule}, {"with": [1], "lift": 9.0, **rule}]})
    >>> [(goes.product, round(math.exp(goes.score), 1), goes.lift, goes.having) for goes in found]
    [(3, 5.0, 2.5, (2, 1)), (4, 3.0, 3.0, (1,))]
    """
    found: dict[int, list[tuple[float, int, Mapping[str, Any]]]] = {}
    for antecedent, own in rules.items():
        for rule in own:
            for product in rule["with"]:
                if product not in rules:
                    found.setdefault(product, []).append((rule["lift"], antecedent, rule))
    goes = [_goes(product, sorted(of, key=lambda one: (-one[0], one[1]))) for product, of in found.items()]
    return sorted(goes, key=lambda one: (-one.score, -one.confidence, one.product))


def variant_key(product: Product) -> tuple[str | None, tuple[str, ...]]:
    """What variants of one product share: the brand, and the name without sizes and the product's own attributes.

    Examples
    --------
    >>> red = Product("1", "Red Mug, L", brand="Alba", attributes={"colour": "red"})
    >>> blue = Product("2", "Mug blue", brand="alba", attributes={"colour": "blue"})
    >>> variant_key(red) == variant_key(blue) == ("alba", ("mug",))
    True
    """
    words = _words(product.name)
    kept = words - _SIZES - _attribute_words(facts(product.attributes).values())
    return product.brand.casefold() if product.brand else None, tuple(sorted(kept or words))


def _goes(product: int, strongest_first: list[tuple[float, int, Mapping[str, Any]]]) -> Goes:
    best = strongest_first[0][2]
    score = sum(max(0.0, math.log(lift)) for lift, _, _ in strongest_first)
    having = tuple(antecedent for _, antecedent, _ in strongest_first)
    return Goes(product, score, best["support"], best["confidence"], best["lift"], having)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _attribute_words(values: Iterable[object]) -> set[str]:
    found: set[str] = set()
    for value in values:
        texts = value if isinstance(value, list | tuple) else [value]
        for text in texts:
            found |= _words(text) if isinstance(text, str) else set()
    return found
