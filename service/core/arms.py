"""The products as arms of a bandit: what is believed of each one's click rate, and a draw from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv  # type: ignore[import-untyped,unused-ignore]

from service.core.exposure import Exposure
from service.core.fields import CATEGORY_SEPARATOR
from service.core.popular import Kinds, TopList
from service.core.types import Floats, Ids

STRENGTH = 20.0
"""Views that what is believed beforehand counts for."""

ELSEWHERE = 0.5
"""Share of its click rate that a product keeps which has nothing to do with what is looked at now. Judgement: what is
shown is counted without its context, so this cannot be learned from the log."""

UNKNOWN_RATE = 0.05
"""The click rate of a shop that has not shown anything yet; only the order counts then."""

_LEAST, _MOST = 1e-4, 1 - 1e-4  # a rate of exactly 0 or 1 is never believed
_GOLDEN, _MIX_1, _MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True, eq=False)
class Arms:
    """The products of a shop, for one visitor.

    Attributes
    ----------
    ids : int64[A], those worth a try by themselves: shown lately, popular or new. exposure : None before anything was
        shown. trend : what is popular. context : paths of the categories that are looked at now. seed : of all draws.
    """

    ids: Ids
    exposure: Exposure | None
    trend: TopList
    kinds: Kinds
    context: tuple[str, ...]
    seed: int

    def draws(self, products: Ids) -> Floats:
        """A click rate drawn for each of these products, float32[C] in 0 to 1; for a product always the same one.

        It is a quantile of ``Beta(STRENGTH p + clicked, STRENGTH (1 - p) + shown - clicked)`` (Thompson 1933; Chapelle
        & Li 2011), p being the click rate of its category, half more for what trends most and half less for what does
        not trend, times its nearness to the context (Li et al. 2010, who learn that from features; here it is fixed).
        """
        shown, clicked, prior = self._counts(products)
        prior = np.clip(prior * (0.5 + self._trends(products)), _LEAST, _MOST)
        missed = np.maximum(shown - clicked, 0.0)
        rates = betaincinv(STRENGTH * prior + clicked, STRENGTH * (1 - prior) + missed, uniform(products, self.seed))
        return np.asarray(rates * self._nearness(products), np.float32)

    def _counts(self, products: Ids) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        if self.exposure is None:
            nothing = np.zeros(len(products))
            return nothing, nothing, np.full(len(products), UNKNOWN_RATE)
        return self.exposure.of(products)

    def _trends(self, products: Ids) -> NDArray[np.float64]:
        """Share of the best trend that each product has, 0 to 1."""
        if not len(self.trend.ids) or self.trend.scores[0] <= 0:
            return np.zeros(len(products))
        order = np.argsort(self.trend.ids)
        places = np.minimum(np.searchsorted(self.trend.ids[order], products), len(order) - 1)
        shares = self.trend.scores[order][places].astype(np.float64) / float(self.trend.scores[0])
        return np.where(self.trend.ids[order][places] == products, shares, 0.0)

    def _nearness(self, products: Ids) -> NDArray[np.float64]:
        """1 where nothing is looked at, and for what is; ELSEWHERE for what shares no category with it."""
        if not self.context:
            return np.ones(len(products))
        near = [max(shared(path, own) for own in self.context) for path in self.kinds.paths]
        return ELSEWHERE + (1 - ELSEWHERE) * np.array([*near, 0.0])[self.kinds.of(products)]


def shared(path: str, looked_at: str) -> float:
    """Share of the levels of a category looked at that a path has in common with it, 0 to 1.

    Examples
    --------
    >>> shared("Home > Kitchen > Mugs", "Home > Kitchen"), shared("Home > Lighting", "Home > Kitchen"), shared("A", "B")
    (1.0, 0.5, 0.0)
    """
    own, wanted = path.split(CATEGORY_SEPARATOR), looked_at.split(CATEGORY_SEPARATOR)
    common = 0
    for one, other in zip(own, wanted, strict=False):
        if one != other:
            break
        common += 1
    return common / len(wanted)


def uniform(products: Ids, seed: int) -> NDArray[np.float64]:
    """A number between 0 and 1 for each product, float64[C], by splitmix64 (Steele et al. 2014) of product and seed.

    What a product gets does not depend on which others are asked for.

    Examples
    --------
    >>> bool(uniform(np.array([7, 8]), 1)[1] == uniform(np.array([8]), 1)[0])
    True
    """
    with np.errstate(over="ignore"):
        mixed = (products.astype(np.uint64) + np.uint64(1)) * _GOLDEN + np.uint64(seed % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
        mixed ^= mixed >> np.uint64(31)
    return ((mixed >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53
