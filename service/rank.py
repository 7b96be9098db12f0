"""Steps 4 and 6, fuse and adjust: the surface's parameters applied to the candidates."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from config.surface import Surface
from service.ranking.adjust import add_contributions, freshness, preferences_met
from service.ranking.fuse import Fused, ScoredList, reciprocal_rank, weighted_sum
from service.ranking.normalize import NORMALIZERS, Scores
from service.store.serving import ServingRow
from service.store.vectors import Hits

_DAY_S = 86_400


def fuse(lists: Mapping[str, Hits], surface: Surface) -> Fused:
    """Step 4: each signal's list as one."""
    scored = {name: ScoredList(hits.ids, hits.scores.astype(np.float64)) for name, hits in lists.items()}
    if surface.fuse == "rrf":
        return reciprocal_rank(scored, surface.weights, surface.rrf_k)
    normalize = NORMALIZERS[surface.normalize]
    return weighted_sum({name: ScoredList(s.ids, normalize(s.scores)) for name, s in scored.items()}, surface.weights)


def adjust(
    fused: Fused,
    products: Mapping[int, ServingRow],
    surface: Surface,
    preferences: Mapping[str, Any] | None,
    now: float,
    losses: Mapping[str, Scores] | None = None,
) -> Fused:
    """Step 6: what is known of the products themselves changes their scores.

    Parameters
    ----------
    products : id -> row of every product in the list. now : seconds since 1970, UTC.
    preferences : what the user told on arrival: categories, brands, price range.
    losses : by reason, float64[C] <= 0, in the order of the list.
    """
    if not len(fused.ids):
        return fused
    rows = [products[product_id] for product_id in fused.ids.tolist()]
    gains: dict[str, Scores] = dict(losses or {})
    if surface.freshness:
        ages_days = (now - np.array([row.created_at.timestamp() for row in rows])) / _DAY_S
        gains["freshness"] = freshness(ages_days, surface.freshness, surface.freshness_half_life_days)
    if surface.preference and preferences:
        met = np.array([preferences_met(row.payload(), preferences) for row in rows], dtype=np.float64)
        gains["preference"] = surface.preference * met
    return add_contributions(fused, gains)
