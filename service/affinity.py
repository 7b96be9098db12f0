"""How near products are to the past of who asks: it changes the order of what matches, never what matches."""

import numpy as np

from config.surface import Surface
from service.context import Request
from service.core.types import Ids, Past
from service.ranking.normalize import Scores, minmax
from service.store.spaces import PRODUCTS
from service.store.vector_cache import VectorCache

AFFINITY = "affinity"


def affinity_weight(request: Request, surface: Surface) -> float:
    """What the product nearest to the past gains: the request's own word, else the surface's."""
    return surface.affinity if request.affinity is None else request.affinity


def affinity(cached: VectorCache, past: Past, behaviour: str | None, ids: Ids) -> Scores:
    """Nearness of each product to a past, float64[C]: 0 for the farthest of them, 1 for the nearest.

    In the space of the factoriser where the past and the product both have a vector there; else by the text profile.

    Parameters
    ----------
    behaviour : the collection of the release in force; None before the first training.
    """
    near, is_placed = np.zeros(len(ids)), np.zeros(len(ids), np.bool_)
    for collection, slot, who in ((behaviour, "cf", past.user), (PRODUCTS, "text", past.profile.get("text"))):
        if collection is None or who is None or is_placed.all():
            continue
        vectors, places = cached.vectors(collection, slot, ids)
        if not len(places):
            continue
        scores = np.zeros(len(ids))
        scores[places] = minmax((vectors @ who).astype(np.float64))
        near = np.where(is_placed, near, scores)
        is_placed[places] = True
    return near
