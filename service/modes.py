"""What a way to be similar asks of products beside their signals, and what comes behind where it finds too few."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from service.candidates import Candidates
from service.context import Request, Services
from service.core.filters import all_of
from service.core.near import NOWHERE, Near, near_filter
from service.core.types import Ids
from service.experiments import PLAIN, Assignment
from service.hydrate import Hydrated
from service.look import Found, look
from service.ranking.fuse import Fused
from service.retrieve import Retrieved
from service.signals import SIGNALS
from service.stopwatch import Stopwatch
from service.store.serving import serving_rows

BEHIND = "fill_up"
"""The contribution that keeps what fills an answer up behind what its mode has found."""


def narrowed(services: Services, request: Request, near: Near, known: Hydrated) -> tuple[Request, tuple[str, ...]]:
    """The request with what products are to have in common with its anchor as a part of the filter, and what was not.

    What the anchor does not have itself cannot be asked of others.

    Parameters
    ----------
    near : of the mode; what the request asks itself goes before it.
    """
    near, anchor = request.near.over(near), known.query.anchor
    if near == NOWHERE or anchor is None:
        return request, ()
    with services.database.session() as session:
        row = serving_rows(session, request.tenant, [anchor.product_id]).get(anchor.product_id)
    if row is None:
        return request, ()
    wanted, missing = near_filter(
        near, price=row.price, currency=row.currency, brand=row.brand, category=row.category_path
    )
    why = tuple(f"the product has no {field} of its own, so others were not chosen by that" for field in missing)
    return replace(request, filter=all_of(request.filter, wanted)), why


def filled_up(
    services: Services, request: Request, assignment: Assignment, found: Found, n: int, watch: Stopwatch,
    told: tuple[str, ...] = (),
) -> Found:  # fmt: skip
    """The same, and behind it what other modes find, where this one finds less than `n`; its reason says so.

    No signal is asked twice, so every product keeps the reason it is there for.

    Parameters
    ----------
    told : what else the answer must say of itself.
    """
    if assignment.mode is None and not told:
        return found
    others: list[str] = []
    reasons: list[str] = []
    whole = found
    for name, weights in assignment.behind:
        asked = {signal: one for signal, one in weights.items() if one and not whole.surface.weights.get(signal)}
        if len(whole.candidates.fused.ids) < n and asked:
            more = _more(services, request, whole, asked, n, watch)
            if len(more.candidates.fused.ids):
                whole, others = _together(whole, more), [*others, name]
    if found.surface.personal and found.known.query.past is None:
        reasons.append(f"mode {assignment.mode}: {_nobody(request, found.known)}")
    elif found.known.reason is not None:
        reasons.append(found.known.reason)
    if others:
        reasons.append(f"mode {assignment.mode}: {_too_few(services, found)}; {_instead(found, others)}")
    return replace(whole, known=_because(found.known, (*reasons, *told)))


def _more(
    services: Services, request: Request, found: Found, weights: Mapping[str, float], n: int, watch: Stopwatch
) -> Found:
    taken = request.taken | frozenset(found.candidates.fused.ids.tolist())
    surface = found.surface.model_copy(update={"weights": dict(weights)})
    return look(services, replace(request, taken=taken), found.known, found.ruled, surface, n, watch)


def _nobody(request: Request, known: Hydrated) -> str:
    if request.user is None and request.session is None:
        return "nobody is named whose taste could count, send `user` or `session`"
    return known.reason or "nothing is known of this user yet"


def _instead(found: Found, others: Sequence[str]) -> str:
    which = "the others" if len(found.candidates.fused.ids) else "these"
    *first, last = ["resemble the product" if name == PLAIN else f"come from mode {name}" for name in others]
    return f"{which} {' or '.join([*first, last])}"


def _too_few(services: Services, found: Found) -> str:
    """Why a mode found so few."""
    if count := len(found.candidates.fused.ids):
        return f"{count} found that may be shown"
    asked = [name for name, weight in found.surface.weights.items() if weight]
    anchor, retrieved = found.known.query.anchor, found.candidates.retrieved
    if retrieved.degraded:
        return f"{', '.join(retrieved.degraded)} did not answer"
    if found.known.release is None and all(SIGNALS[name].space == "behaviour" for name in asked):
        return "nothing has been learned from what people do yet, no release is live"
    if asked == ["image"] and services.encoders.image is None:
        return "this shop has no image model"
    if asked == ["image"] and (anchor is None or "image" not in anchor.vectors):
        return "there is no picture of the product, or none that could be read"
    if any(len(hits.ids) for hits in retrieved.lists.values()):
        return "nothing of what was found may be shown"
    return "nothing that may be shown is known to go with this product"


def _because(known: Hydrated, reasons: Sequence[str]) -> Hydrated:
    if not reasons:
        return known
    is_of_somebody = known.query.past is not None
    return replace(known, level=known.level if is_of_somebody else "content", reason="; ".join(reasons))


def _together(first: Found, more: Found) -> Found:
    """What both have found, all of the first before all of the other."""
    one, other = first.candidates, more.candidates
    fused = in_tiers(one.fused, other.fused)
    shown = set(fused.ids.tolist())
    dropped = {product: why for product, why in {**other.dropped, **one.dropped}.items() if product not in shown}
    rest = np.union1d(one.rest, other.rest)
    both = Candidates(
        Retrieved(
            {**one.retrieved.lists, **other.retrieved.lists}, {**one.retrieved.degraded, **other.retrieved.degraded}
        ),
        fused,
        np.asarray(rest[~np.isin(rest, [*shown, *dropped])], np.int64),
        {**one.rows, **other.rows},
        dropped,
    )
    weights = {**first.surface.weights, **more.surface.weights}
    asked = {name: first.surface.weights.get(name) or weight for name, weight in weights.items()}
    return Found(
        first.known, first.surface.model_copy(update={"weights": asked}), first.ruled, both, first.pinned
    )  # fmt: skip


def in_tiers(first: Fused, more: Fused) -> Fused:
    """Two lists without a product or signal in common as one: all of the first before all of the other.

    Between the two is a gap as wide as both of them, so that variety does not mix them.

    Examples
    --------
    >>> bought = Fused(np.array([7]), np.array([0.4]), ("association",), np.array([[0.4]]))
    >>> alike = Fused(np.array([3, 5]), np.array([0.6, 0.2]), ("text",), np.array([[0.6, 0.2]]))
    >>> both = in_tiers(bought, alike)
    >>> both.ids.tolist(), both.scores.round(2).tolist(), both.signals
    ([7, 3, 5], [0.4, 0.0, -0.4], ('association', 'fill_up', 'text'))
    """
    if not len(first.ids):
        return more
    signals = tuple(dict.fromkeys((*first.signals, BEHIND, *more.signals)))
    row = {name: place for place, name in enumerate(signals)}
    contributions = np.zeros((len(signals), len(first.ids) + len(more.ids)))
    contributions[[row[name] for name in first.signals], : len(first.ids)] = first.contributions
    contributions[[row[name] for name in more.signals], len(first.ids) :] = more.contributions
    gap = np.ptp(first.scores) + np.ptp(more.scores)
    contributions[row[BEHIND], len(first.ids) :] += min(0.0, first.scores.min() - more.scores.max() - gap)
    ids: Ids = np.concatenate([first.ids, more.ids])
    return Fused(ids, contributions.sum(axis=0), signals, contributions)
