"""What is popular, as every request may use it: lists of products, best first."""

from collections.abc import Mapping
from dataclasses import dataclass
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
class Popular:
    """A snapshot of the whole shop.

    Attributes
    ----------
    trending : time-decayed events. by_category : the same per category path.
    best_value : discount x Bayesian rating. newest : by creation.
    categories : category paths by the trend of their products, best first.
    exposure : what was shown and clicked lately; None before anything was.
    """

    made_at: datetime
    trending: TopList
    by_category: Mapping[str, TopList]
    best_value: TopList
    newest: TopList
    categories: tuple[str, ...]
    exposure: Exposure | None = None


def top_list(pairs: list[list[float]]) -> TopList:
    """A list from its JSON form ``[[id, score], ...]``.

    Examples
    --------
    >>> top_list([[7, 0.5]]).ids.tolist()
    [7]
    """
    ids = np.array([int(pair[0]) for pair in pairs], np.int64)
    return TopList(ids, np.array([pair[1] for pair in pairs], np.float32))
