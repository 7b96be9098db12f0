"""What is popular, as every request may use it: lists of products, best first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from service.core.exposure import Exposure
from service.core.types import Floats, Ids


@dataclass(frozen=True, slots=True, eq=False)
class TopList:
    """Products by a score: ids int64[C], scores float32[C], best first."""

    ids: Ids
    scores: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """Which category each product of the shop is in.

    Attributes
    ----------
    ids : int64[P], ascending. place : int64[P], into `paths`, -1 for no category. paths : the categories.
    """

    ids: Ids
    place: Ids
    paths: tuple[str, ...]

    def of(self, products: Ids) -> Ids:
        """The places of these products' categories, int64[C]; -1 for what has none or is not known.

        Examples
        --------
        >>> Kinds(np.array([4, 7]), np.array([0, -1]), ("Home > Mugs",)).of(np.array([7, 4, 5])).tolist()
        [-1, 0, -1]
        """
        if not len(self.ids):
            return np.full(len(products), -1)
        found = np.minimum(np.searchsorted(self.ids, products), len(self.ids) - 1)
        return np.where(self.ids[found] == products, self.place[found], -1)


def no_kinds() -> Kinds:
    """Nothing is known of categories."""
    return Kinds(np.empty(0, np.int64), np.empty(0, np.int64), ())


@dataclass(frozen=True, slots=True, eq=False)
class Popular:
    """A snapshot of the whole shop.

    Attributes
    ----------
    trending : time-decayed events. by_category : the same per category path.
    best_value : discount x Bayesian rating. newest : by creation.
    categories : category paths by the trend of their products, best first.
    exposure : what was shown and clicked lately; None before anything was. kinds : the products' categories.
    """

    made_at: datetime
    trending: TopList
    by_category: Mapping[str, TopList]
    best_value: TopList
    newest: TopList
    categories: tuple[str, ...]
    exposure: Exposure | None = None
    kinds: Kinds = field(default_factory=no_kinds)


def top_list(pairs: list[list[float]]) -> TopList:
    """A list from its JSON form ``[[id, score], ...]``.

    Examples
    --------
    >>> top_list([[7, 0.5]]).ids.tolist()
    [7]
    """
    ids = np.array([int(pair[0]) for pair in pairs], np.int64)
    return TopList(ids, np.array([pair[1] for pair in pairs], np.float32))
