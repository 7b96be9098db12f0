"""Who appears in anybody's list: reachable products, orphans and hubs."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from eval.beyond import exposure, gini
from service.core.types import Ids

HUB_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Reach:
    """How a surface's slots are spread over the products that may be shown.

    Attributes
    ----------
    lists : asked for. k : slots per list at most. products : that may be shown.
    reachable : in at least one list; share : of the products, 0-1.
    gini : of the slots per product, 0 (all alike) to 1; None without slots.
    hub_share : share of all slots that the most frequent 1 % of the products take, 0-1; None without slots.
    hubs : places and counts of the most frequent products, most frequent first. orphans : places of those in no list.
    """

    lists: int
    k: int
    products: int
    reachable: int
    share: float
    gini: float | None
    hub_share: float | None
    hubs: tuple[tuple[int, int], ...]
    orphans: tuple[int, ...]


def reach(lists: Ids, products: int, *, top: int = 10) -> Reach:
    """Count who is in the lists.

    Parameters
    ----------
    lists : int64[L, k], products as places 0..P-1, -1 for an empty slot. products : P. top : hubs named at most.

    Examples
    --------
    >>> found = reach(np.array([[1, 2], [1, -1]]), products=4)
    >>> found.share, found.hubs, found.orphans
    (0.5, ((1, 2), (2, 1)), (0, 3))
    """
    shown = exposure(lists, products)
    order = np.argsort(-shown, kind="stable")
    slots = int(shown.sum())
    reachable = int((shown > 0).sum())
    return Reach(
        lists=len(lists),
        k=lists.shape[1],
        products=products,
        reachable=reachable,
        share=reachable / products if products else 0.0,
        gini=gini(shown) if slots else None,
        hub_share=float(shown[order[: ceil(HUB_SHARE * products)]].sum() / slots) if slots else None,
        hubs=tuple((int(place), int(shown[place])) for place in order[:top] if shown[place]),
        orphans=tuple(np.flatnonzero(shown == 0).tolist()),
    )
