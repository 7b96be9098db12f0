"""What the slots of a slate were drawn from, so that another way of drawing them can be judged later."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Draw:
    """The list that `plackett_luce` was handed; kept only where chance had a part (temperature > 0).

    Attributes
    ----------
    products : internal ids of the whole pool in the order that chance found: as MMR left it, shown or not.
    contributions : signal or adjustment -> its share of each product's score, in the same order; a score is their sum.
        The draw takes the scores in descending order, whoever stands there.
    surface : the parameters in force, experiments and overrides of the request included, as `Surface.model_dump()`.
    """

    products: tuple[int, ...]
    contributions: Mapping[str, tuple[float, ...]]
    surface: Mapping[str, Any]
