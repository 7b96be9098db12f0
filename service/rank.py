"""Steps 4, 6 and 7, fuse, adjust and diversify: the surface's parameters applied to the candidates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.params import Surface
from service.core.draw import Draw
from service.core.types import Floats, Ids
from service.ranking.adjust import add_contributions, freshness, preferences_met
from service.ranking.diversify import mmr
from service.ranking.fuse import Fused, ScoredList, reciprocal_rank, weighted_sum
from service.ranking.normalize import NORMALIZERS, Scores
from service.ranking.sample import plackett_luce
from service.store.serving import ServingRow
from service.store.spaces import PRODUCTS
from service.store.vector_cache import VectorCache
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
) -> Fused:
    """Step 6: what is known of the products themselves changes their scores.

    Parameters
    ----------
    products : id -> row of every product in the list. now : seconds since 1970, UTC.
    preferences : what the user told on arrival: categories, brands, price range.
    """
    if not len(fused.ids):
        return fused
    rows = [products[product_id] for product_id in fused.ids.tolist()]
    gains: dict[str, Scores] = {}
    if surface.freshness:
        ages_days = (now - np.array([row.created_at.timestamp() for row in rows])) / _DAY_S
        gains["freshness"] = freshness(ages_days, surface.freshness, surface.freshness_half_life_days)
    if surface.preference and preferences:
        met = np.array([preferences_met(row.payload(), preferences) for row in rows], dtype=np.float64)
        gains["preference"] = surface.preference * met
    return add_contributions(fused, gains)


@dataclass(frozen=True, slots=True, eq=False)
class Diversified:
    """A list with its first N products in slate order.

    Attributes
    ----------
    propensities : float64[N]. draw : what chance drew from, where it had a part.
    """

    fused: Fused
    propensities: NDArray[np.float64]
    draw: Draw | None


def diversify(cached: VectorCache, fused: Fused, surface: Surface, n: int, seed: int) -> Diversified:
    """Step 7: variety, then a draw with known probabilities."""
    order = np.arange(len(fused.ids))
    if surface.mmr_lambda < 1 and len(order) > 1:
        picked = mmr(fused.scores, text_vectors(cached, fused.ids), n, surface.mmr_lambda)
        order = np.concatenate([picked, np.setdiff1d(order, picked)])
    # slots are drawn by the scores in descending order, whoever MMR put there: variety survives the draw
    drawn, propensities = plackett_luce(fused.scores, n, surface.temperature, seed)
    pool = fused.take(order)
    slate = np.concatenate([drawn, np.setdiff1d(np.arange(len(order)), drawn)])
    return Diversified(pool.take(slate), propensities, _draw(pool, surface) if surface.temperature else None)


def _draw(pool: Fused, surface: Surface) -> Draw:
    contributions = dict(zip(pool.signals, map(tuple, pool.contributions.tolist()), strict=True))
    return Draw(tuple(pool.ids.tolist()), contributions, surface.model_dump(mode="json"))


def text_vectors(cached: VectorCache, ids: Ids) -> Floats:
    """Unit text vectors float32[C, D] of these products; zeros where a product has none."""
    found, places = cached.vectors(PRODUCTS, "text", ids)
    vectors = np.zeros((len(ids), found.shape[1]), dtype=np.float32)
    vectors[places] = found
    return vectors
