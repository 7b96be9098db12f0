"""How popular products are, as a prior: of two that match alike, what many want comes first."""

from collections.abc import Mapping

import numpy as np

from service.core.popular import Popular
from service.core.types import Ids
from service.ranking.normalize import Scores
from service.store.serving import ServingRow

POPULARITY = "popularity"


def popularity(popular: Popular | None, rows: Mapping[int, ServingRow], ids: Ids) -> Scores:
    """Each product's share of the most popular one's, float64[C] in [0, 1]; 0 for all where nothing tells.

    By the trend if any of them is in it, else by ``log(1 + reviews)``.

    Parameters
    ----------
    rows : id -> row of every product.
    """
    strengths = np.zeros(len(ids))
    if popular is not None:
        trend = dict(zip(popular.trending.ids.tolist(), popular.trending.scores.tolist(), strict=True))
        strengths = np.array([trend.get(product, 0.0) for product in ids.tolist()])
    if not strengths.any():
        strengths = np.log1p([rows[product].review_count for product in ids.tolist()])
    most = strengths.max(initial=0.0)
    return strengths / most if most > 0 else strengths
