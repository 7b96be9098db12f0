"""What a way to be similar asks of products beside their signals, and what comes behind where it finds too few."""

from dataclasses import replace

import numpy as np

from service.candidates import Candidates
from service.context import Request, Services
from service.core.filters import all_of
from service.core.near import NOWHERE, Near, near_filter
from service.core.types import Ids
from service.experiments import Assignment
from service.hydrate import Hydrated
from service.look import Found, look
from service.ranking.fuse import Fused
from service.retrieve import Retrieved
from service.signals import SIGNALS
from service.stopwatch import Stopwatch
from service.store.serving import serving_rows

BEHIND = "fill_up"
"""The contribution that keeps what fills an answer up behind what its mode has found."""


def narrowed(services: Services, request: Request, near: Near, known: Hydrated) -> tuple[Request, Hydrated]:
    """The request with what products are to have in common with its anchor as a part of the filter.

    What the anchor does not have itself cannot be asked of others; then `known` says so.

    Parameters
    ----------
    near : of the mode; what the request asks itself goes before it.
    """
    near, anchor = request.near.over(near), known.query.anchor
    if near == NOWHERE or anchor is None:
        return request, known
    with services.database.session() as session:
        row = serving_rows(session, request.tenant, [anchor.product_id]).get(anchor.product_id)
    if row is None:
        return request, known
    wanted, missing = near_filter(
        near, price=row.price, currency=row.currency, brand=row.brand, category=row.category_path
    )
    if missing:
        told = " and no ".join(missing)
        known = _because(known, f"the product has no {told} of its own that others could be held against")
    return replace(request, filter=all_of(request.filter, wanted)), known


def filled_up(
    services: Services, request: Request, assignment: Assignment, found: Found, n: int, watch: Stopwatch
) -> Found:
    """The same, and behind it what the surface finds without a mode, where the mode finds less than `n`.

    Each signal that fills up is one that the mode does not ask, so every product keeps the reason it is there for.
    """
    if assignment.mode is None:
        return found
    if found.surface.personal and found.known.query.past is None:
        found = replace(found, known=_content(found.known, _nobody(request, assignment.mode, found.known)))
    count = len(found.candidates.fused.ids)
    others = {name: one for name, one in assignment.instead.items() if one and not found.surface.weights.get(name)}
    if count >= n or not others:
        return found
    taken = request.taken | frozenset(found.candidates.fused.ids.tolist())
    surface = found.surface.model_copy(update={"weights": others})
    more = look(services, replace(request, taken=taken), found.known, found.ruled, surface, n, watch)
    if not len(more.candidates.fused.ids):
        return found
    reason = f"mode {assignment.mode}: {_too_few(services, found, count)}"
    return Found(
        _content(found.known, reason),
        found.surface.model_copy(update={"weights": {**found.surface.weights, **others}}),
        found.ruled,
        _together(found.candidates, more.candidates),
        found.pinned,
    )


def _nobody(request: Request, mode: str, known: Hydrated) -> str:
    if request.user is None and request.session is None:
        return f"mode {mode}: nobody is named whose taste could count, send `user` or `session`"
    return f"mode {mode}: {known.reason}" if known.reason else f"mode {mode}: nothing is known of this user yet"


def _too_few(services: Services, found: Found, count: int) -> str:
    """Why a mode found so few, and what is shown instead."""
    if count:
        return f"{count} found that may be shown; the others resemble the product"
    asked = [name for name, weight in found.surface.weights.items() if weight]
    anchor, retrieved = found.known.query.anchor, found.candidates.retrieved
    if retrieved.degraded:
        why = f"{', '.join(retrieved.degraded)} did not answer"
    elif found.known.release is None and all(SIGNALS[name].space == "behaviour" for name in asked):
        why = "nothing has been learned from what people do yet, no release is live"
    elif asked == ["image"] and services.encoders.image is None:
        why = "this shop has no image model"
    elif asked == ["image"] and (anchor is None or "image" not in anchor.vectors):
        why = "there is no picture of the product, or none that could be read"
    elif any(len(hits.ids) for hits in retrieved.lists.values()):
        why = "nothing of what was found may be shown"
    else:
        why = "nothing that may be shown is known to go with this product"
    return f"{why}; these resemble the product"


def _because(known: Hydrated, reason: str) -> Hydrated:
    return replace(known, reason=reason if known.reason is None else f"{known.reason}; {reason}")


def _content(known: Hydrated, reason: str) -> Hydrated:
    # what the mode says of a missing past says more than what was found of it before
    before = None if known.reason is not None and known.reason in reason else known.reason
    return replace(known, level="content", reason=f"{before}; {reason}" if before else reason)


def _together(first: Candidates, more: Candidates) -> Candidates:
    fused = behind(first.fused, more.fused)
    shown = set(fused.ids.tolist())
    dropped = {product: why for product, why in {**more.dropped, **first.dropped}.items() if product not in shown}
    rest = np.union1d(first.rest, more.rest)
    return Candidates(
        Retrieved(
            {**first.retrieved.lists, **more.retrieved.lists}, {**first.retrieved.degraded, **more.retrieved.degraded}
        ),
        fused,
        np.asarray(rest[~np.isin(rest, [*shown, *dropped])], np.int64),
        {**first.rows, **more.rows},
        dropped,
    )


def behind(first: Fused, more: Fused) -> Fused:
    """Two lists without a product or signal in common as one: all of the first before all of the other.

    Between the two is a gap as wide as both of them, so that variety does not mix them.

    Examples
    --------
    >>> bought = Fused(np.array([7]), np.array([0.4]), ("association",), np.array([[0.4]]))
    >>> alike = Fused(np.array([3, 5]), np.array([0.6, 0.2]), ("text",), np.array([[0.6, 0.2]]))
    >>> both = behind(bought, alike)
    >>> both.ids.tolist(), both.scores.round(2).tolist(), both.signals
    ([7, 3, 5], [0.4, 0.0, -0.4], ('association', 'text', 'fill_up'))
    """
    if not len(first.ids):
        return more
    signals = (*first.signals, *more.signals, BEHIND)
    contributions = np.zeros((len(signals), len(first.ids) + len(more.ids)))
    contributions[: len(first.signals), : len(first.ids)] = first.contributions
    contributions[len(first.signals) : -1, len(first.ids) :] = more.contributions
    gap = np.ptp(first.scores) + np.ptp(more.scores)
    contributions[-1, len(first.ids) :] = min(0.0, first.scores.min() - more.scores.max() - gap)
    ids: Ids = np.concatenate([first.ids, more.ids])
    return Fused(ids, contributions.sum(axis=0), signals, contributions)
