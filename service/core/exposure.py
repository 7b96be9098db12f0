"""What was shown and what of it was clicked, as exploration reads it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.core.types import Ids

Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """Counts of E products, aged; a product that is not among them was never shown.

    Attributes
    ----------
    ids : int64[E], ascending. shown : float64[E], slots it had, each weighted by how likely a slot is looked at.
    clicked : float64[E], clicks that led from them. prior : float64[E], the click rate of its category, 0-1.
    rate : the click rate of the shop, 0-1.
    """

    ids: Ids
    shown: Counts
    clicked: Counts
    prior: Counts
    rate: float

    def of(self, products: Ids) -> tuple[Counts, Counts, Counts]:
        """Shown, clicked and prior of these products, float64[C] each; nothing and the shop's rate for unknown ones.

        Examples
        --------
        >>> one = Exposure(np.array([7]), np.array([9.0]), np.array([2.0]), np.array([0.1]), 0.05)
        >>> [counts.tolist() for counts in one.of(np.array([5, 7]))]
        [[0.0, 9.0], [0.0, 2.0], [0.05, 0.1]]
        """
        if not len(self.ids):
            nothing = np.zeros(len(products))
            return nothing, nothing, np.full(len(products), self.rate)
        places = np.minimum(np.searchsorted(self.ids, products), len(self.ids) - 1)
        is_known = self.ids[places] == products
        return (
            np.where(is_known, self.shown[places], 0.0),
            np.where(is_known, self.clicked[places], 0.0),
            np.where(is_known, self.prior[places], self.rate),
        )
