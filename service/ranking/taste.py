"""What a user's recent past says of products: what was done, and how often."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from service.core.types import Floats, Ids


def recent_products(
    products: Ids, weights: Floats, hidden: Collection[int] = (), *, limit: int
) -> tuple[Ids, NDArray[np.float64]]:
    """Distinct products, newest first, each with the sum of its interactions' weights.

    Parameters
    ----------
    products : int64[H], newest interaction first. weights : float32[H], see `core.event_weights`; 0 says nothing.
    hidden : of these only what speaks against them counts: who hides a product does not want it, however often it was
        looked at before.
    limit : products at most.

    Returns
    -------
    ids int64[<= limit], opinions float64[<= limit]; one that is disliked in sum is negative, one of which nothing
    remains is left out.

    Examples
    --------
    >>> ids, opinions = recent_products(np.array([8, 9, 8]), np.ones(3, np.float32), limit=5)
    >>> ids.tolist(), opinions.tolist()
    ([8, 9], [2.0, 1.0])
    """
    if hidden:
        weights = np.where(np.isin(products, list(hidden)), np.minimum(weights, 0), weights)
    distinct, first, inverse = np.unique(products, return_index=True, return_inverse=True)
    total = np.bincount(inverse, weights, minlength=len(distinct))
    order = np.argsort(first, kind="stable")
    order = order[total[order] != 0][:limit]
    return distinct[order], total[order]
