"""What a user's recent past says, as weights of products: what was done, how often, and how long ago."""

import numpy as np
from numpy.typing import NDArray

from service.core.types import Floats, Ids


def recent_products(
    products: Ids, weights: Floats, *, half_life_products: float, limit: int
) -> tuple[Ids, NDArray[np.float64]]:
    """Distinct products, newest first, each with its weight x ``0.5 ** (place / half_life)``.

    Parameters
    ----------
    products : int64[H], newest interaction first. weights : float32[H], see `core.event_weights`; 0 says nothing.
    half_life_products : after so many newer products one counts half, > 0. Counting products instead of days keeps the
        taste of those who come rarely.
    limit : products at most.

    Returns
    -------
    ids int64[<= limit], weights float64[<= limit]; a product's interactions are added up, and one that is disliked in
    sum has a negative weight.

    Examples
    --------
    >>> ids, weights = recent_products(np.array([8, 9, 8]), np.ones(3, np.float32), half_life_products=1, limit=5)
    >>> ids.tolist(), weights.tolist()
    ([8, 9], [2.0, 0.5])
    """
    distinct, first, inverse = np.unique(products, return_index=True, return_inverse=True)
    total = np.bincount(inverse, weights, minlength=len(distinct))
    order = np.argsort(first, kind="stable")
    order = order[total[order] != 0][:limit]
    return distinct[order], total[order] * 0.5 ** (np.arange(len(order)) / half_life_products)
