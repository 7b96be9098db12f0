"""A user's history as signals use it: weights, profile vectors, and the user's own vector."""

from dataclasses import replace

import numpy as np

from config.params import Params
from service.core.behaviour import EVENT_TYPES, History
from service.core.event_weights import event_weights
from service.core.types import EventType, Floats, Ids, Past
from service.ranking.fold_in import fold_in
from service.ranking.taste import recent_products
from service.served_release import ServedRelease
from service.store.spaces import PRODUCTS
from service.store.vectors import VectorStore

_WANTING = (EventType.CART, EventType.WISHLIST, EventType.PURCHASE)


def make_past(
    store: VectorStore, history: History, release: ServedRelease | None, params: Params, slots: tuple[str, ...],
    now: float,
) -> Past | None:  # fmt: skip
    """What the history says; None if it says nothing.

    Parameters
    ----------
    slots : of the products collection, to make profiles in.
    """
    weights = event_weights(history.types, history.values, history.at, now, params.events.taste())
    products, opinions = recent_products(history.products, weights, history.hidden, limit=params.history.products)
    searches = history.searches[: params.history.searches]
    if not len(products) and not searches:
        return None
    past = Past(products, opinions, params.history.half_life_products, _wanted(history), {}, None, searches)
    limit = params.history.profile_products
    profile = {slot: mean for slot in slots if (mean := _profile(store, past, slot, limit)) is not None}
    return replace(past, profile=profile, user=_user_vector(store, past, release))


def seen(history: History, types: tuple[EventType, ...]) -> frozenset[int]:
    """Products of interactions of these types."""
    codes = [EVENT_TYPES.index(kind) for kind in types]
    return frozenset(history.products[np.isin(history.types, codes)].tolist())


def _wanted(history: History) -> Ids:
    codes = [EVENT_TYPES.index(kind) for kind in _WANTING]
    is_wanted = np.isin(history.types, codes) & ~np.isin(history.products, list(history.hidden))
    wanted = history.products[is_wanted]
    _, first = np.unique(wanted, return_index=True)
    return wanted[np.sort(first)]


def _profile(store: VectorStore, past: Past, slot: str, limit: int) -> Floats | None:
    """The unit mean of the liked products' vectors; None where none has one."""
    liked = np.flatnonzero(past.opinions > 0)[:limit]
    vectors, places = _vectors(store, PRODUCTS, past.products, liked, slot)
    if not len(places):
        return None
    mean = past.weights(slot)[places] @ vectors
    return np.asarray(mean / (np.linalg.norm(mean) or 1.0), dtype=np.float32)


def _user_vector(store: VectorStore, past: Past, release: ServedRelease | None) -> Floats | None:
    """The user folded in from the history; known users too: it places the next products better (see `fold_in`)."""
    if release is None:
        return None
    vectors, places = _vectors(store, release.behaviour, past.products, np.arange(len(past.products)), "cf")
    if not len(places):
        return None
    return fold_in(vectors, past.weights("cf")[places], release.fold, biased=release.biased)


def _vectors(store: VectorStore, collection: str, products: Ids, places: Ids, slot: str) -> tuple[Floats, Ids]:
    """Stored vectors float32[<= len(places), D] of the products at these places, and which places have one."""
    records = store.retrieve(collection, products[places].tolist(), vectors=(slot,))
    has = [place for place in places.tolist() if slot in getattr(records.get(int(products[place])), "vectors", ())]
    rows = [np.asarray(records[int(products[place])].vectors[slot]) for place in has]
    return (np.stack(rows) if rows else np.empty((0, 0), np.float32)), np.array(has, dtype=np.int64)
