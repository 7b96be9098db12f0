"""A user's history as signals use it: weights, profile vectors, and the user's own vector."""

from dataclasses import replace

import numpy as np

from config.params import Params
from service.core.behaviour import History, distinct
from service.core.event_weights import event_weights
from service.core.types import EventType, Floats, Ids, Past
from service.ranking.fold_in import fold_in
from service.ranking.taste import recent_products
from service.served_release import ServedRelease
from service.store.spaces import PRODUCTS
from service.store.vector_cache import VectorCache

_WANTING = (EventType.CART, EventType.WISHLIST, EventType.PURCHASE)


def make_past(
    cached: VectorCache, history: History, release: ServedRelease | None, params: Params, slots: tuple[str, ...],
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
    wanting = (*_WANTING, *params.training.association.types)  # rules are looked up by what they were made of
    wanted = _wanted(history, wanting)
    past = Past(products, opinions, params.history.half_life_products, wanted, {}, None, searches)
    limit = params.history.profile_products
    profile = {slot: mean for slot in slots if (mean := _profile(cached, past, slot, limit)) is not None}
    return replace(past, profile=profile, user=_user_vector(cached, past, release))


def seen(history: History, types: tuple[EventType, ...]) -> frozenset[int]:
    """Products of interactions of these types."""
    return frozenset(history.with_types(types).tolist())


def _wanted(history: History, types: tuple[EventType, ...]) -> Ids:
    wanted = history.with_types(types)
    return distinct(wanted[~np.isin(wanted, list(history.hidden))])


def _profile(cached: VectorCache, past: Past, slot: str, limit: int) -> Floats | None:
    """The unit mean of the liked products' vectors; None where none has one."""
    liked = np.flatnonzero(past.opinions > 0)[:limit]
    vectors, found = cached.vectors(PRODUCTS, slot, past.products[liked])
    if not len(found):
        return None
    mean = past.weights(slot)[liked[found]] @ vectors
    return np.asarray(mean / (np.linalg.norm(mean) or 1.0), dtype=np.float32)


def _user_vector(cached: VectorCache, past: Past, release: ServedRelease | None) -> Floats | None:
    """The user folded in from the history; known users too: it places the next products better (see `fold_in`)."""
    if release is None:
        return None
    vectors, found = cached.vectors(release.behaviour, "cf", past.products)
    if not len(found):
        return None
    return fold_in(vectors, past.weights("cf")[found], release.fold, biased=release.biased)
