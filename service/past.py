"""A user's history as signals use it: weights, profile vectors, and the user's own vector."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from config.params import HistoryParams
from service.core.behaviour import EVENT_TYPES, History
from service.core.event_weights import EventWeights, event_weights
from service.core.types import EventType, Floats, Ids, Past
from service.ranking.fold_in import fold_in
from service.ranking.taste import recent_products
from service.served_release import ServedRelease
from service.store.spaces import PRODUCTS
from service.store.vectors import VectorStore

_WANTING = (EventType.CART, EventType.WISHLIST, EventType.PURCHASE)


def make_past(
    store: VectorStore, history: History, release: ServedRelease | None, params: HistoryParams, slots: tuple[str, ...],
    now: float,
) -> Past | None:  # fmt: skip
    """What the history says; None if it says nothing.

    Parameters
    ----------
    slots : of the products collection, to make profiles in.
    """
    weights = event_weights(history.types, history.values, history.at, now, event_weights_of(params))
    products, tastes = recent_products(
        history.products, weights, half_life_products=params.half_life_products, limit=params.products
    )
    if not len(products):
        return None
    liked = tastes > 0
    profile = _profile(store, products[liked][: params.profile_products], tastes[liked], slots)
    return Past(products, tastes, _wanted(history), profile, _user_vector(store, products, tastes, release))


def seen(history: History, types: tuple[EventType, ...]) -> frozenset[int]:
    """Products of interactions of these types."""
    codes = [EVENT_TYPES.index(kind) for kind in types]
    return frozenset(history.products[np.isin(history.types, codes)].tolist())


def event_weights_of(params: HistoryParams) -> EventWeights:
    """The configured weights as the core's word; history halves by products, not by days."""
    by_type = {EventType(name): weight for name, weight in params.weights.items()}
    return EventWeights(by_type, float("inf"), params.liked_from, params.disliked_to)


def _wanted(history: History) -> Ids:
    codes = [EVENT_TYPES.index(kind) for kind in _WANTING]
    wanted = history.products[np.isin(history.types, codes)]
    _, first = np.unique(wanted, return_index=True)
    return wanted[np.sort(first)]


def _profile(
    store: VectorStore, products: Ids, weights: NDArray[np.float64], slots: tuple[str, ...]
) -> Mapping[str, Floats]:
    records = store.retrieve(PRODUCTS, products.tolist(), vectors=slots)
    profile = {}
    for slot in slots:
        places = [n for n, i in enumerate(products.tolist()) if i in records and slot in records[i].vectors]
        if places:
            vectors = np.stack([np.asarray(records[int(products[n])].vectors[slot]) for n in places])
            mean = weights[places] @ vectors
            profile[slot] = (mean / (np.linalg.norm(mean) or 1.0)).astype(np.float32)
    return profile


def _user_vector(
    store: VectorStore, products: Ids, weights: NDArray[np.float64], release: ServedRelease | None
) -> Floats | None:
    """The user folded in from the history; known users too: it places the next products better (see `fold_in`)."""
    if release is None:
        return None
    records = store.retrieve(release.behaviour, products.tolist(), vectors=("cf",))
    places = [n for n, i in enumerate(products.tolist()) if i in records and "cf" in records[i].vectors]
    if not places:
        return None
    vectors = np.stack([np.asarray(records[int(products[n])].vectors["cf"]) for n in places])
    return fold_in(vectors, weights[places], release.fold, biased=release.biased)
