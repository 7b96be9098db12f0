"""Logged slates as arrays: the pool each was drawn from, what it showed, and whether its chances can be relied on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.core.draw import Draw
from service.core.types import Ids, RankedItem

Values = NDArray[np.float64]

_NOT_DRAWN = -2
_TOLERANCE = 1e-3  # relative, between the propensities in the log and those its scores give


@dataclass(frozen=True, slots=True)
class LoggedSlate:
    """A slate with what it was drawn from; `number` tells it among all impressions of the period."""

    number: int
    draw: Draw
    items: tuple[RankedItem, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """B slates of up to N slots drawn from up to C products.

    Attributes
    ----------
    products : int64[B, C], -1 where a pool has fewer. logits : float64[B, C], of the draw; -inf there.
    shown : int64[B, N], place in the pool of each slot's product; -1 for empty slots, -2 for what was not drawn.
    propensities : float64[B, N], as they were logged.
    """

    products: Ids
    logits: Values
    shown: NDArray[np.int64]
    propensities: Values

    def filled(self) -> NDArray[np.bool_]:
        """Slots with a product of the pool."""
        return self.shown >= 0


def scores_of(draw: Draw) -> Values:
    """Every product's score, float64[C]."""
    parts = [np.array(shares, np.float64) for shares in draw.contributions.values()]
    return np.asarray(sum(parts, np.zeros(len(draw.products))))


def read_pools(slates: Sequence[LoggedSlate]) -> Pools:
    """Lay slates side by side."""
    deepest = max(len(slate.draw.products) for slate in slates)
    slots = max(len(slate.items) for slate in slates)
    products = np.full((len(slates), deepest), -1)
    logits = np.full((len(slates), deepest), -np.inf)
    shown = np.full((len(slates), slots), -1)
    propensities = np.ones((len(slates), slots))
    for row, slate in enumerate(slates):
        draw, count = slate.draw, len(slate.draw.products)
        places = {product: place for place, product in enumerate(draw.products)}
        products[row, :count] = draw.products
        # the draw goes by the scores in descending order, whoever stands there
        logits[row, :count] = -np.sort(-scores_of(draw)) / draw.surface["temperature"]
        shown[row, : len(slate.items)] = [places.get(item.product_id, _NOT_DRAWN) for item in slate.items]
        propensities[row, : len(slate.items)] = [item.propensity for item in slate.items]
    return Pools(products, logits, shown, propensities)


def are_as_logged(pools: Pools) -> NDArray[np.bool_]:
    """bool[B]: do the scores give the propensities that were logged, slot by slot?

    Where they do not, or where a product was not drawn (a rule put it there), something came between the draw and the
    slate, and no weight can be trusted.
    """
    left = pools.logits.copy()
    agrees = np.asarray((pools.shown != _NOT_DRAWN).all(1), np.bool_)
    rows = np.arange(len(left))
    for slot in range(pools.shown.shape[1]):
        place = pools.shown[:, slot]
        is_there = place >= 0
        best = left.max(1, initial=-np.inf)
        mass = np.exp(left - np.where(np.isfinite(best), best, 0.0)[:, None])
        own = mass[rows, place] / np.maximum(mass.sum(1), np.finfo(np.float64).tiny)
        fits = np.abs(own - pools.propensities[:, slot]) <= _TOLERANCE * pools.propensities[:, slot] + 1e-9
        agrees &= fits | ~is_there
        left[rows[is_there], place[is_there]] = -np.inf
    return agrees
