"""While no signal can answer: what is popular, of the category of the product asked about where there is one."""

from dataclasses import replace

import numpy as np

from config.surface import Surface
from service.context import Request, Services
from service.core.popular import Popular, TopList
from service.core.types import Anchor
from service.hydrate import Hydrated
from service.look import Found, look
from service.retrieve import NoSignal
from service.rules_for import Ruled
from service.stopwatch import Stopwatch

_WHY = "nothing that knows tastes or likeness answers just now, so this is what is popular"


def popular_instead(
    services: Services, request: Request, known: Hydrated, ruled: Ruled, surface: Surface, n: int, watch: Stopwatch,
    failure: NoSignal,
) -> Found:  # fmt: skip
    """What is popular, and the signals that should have answered as degraded.

    Parameters
    ----------
    failure : what to raise where popularity is no answer: to words, to a picture, and to weights of the request's own.

    Raises
    ------
    NoSignal : as given; also where nothing is known to be popular.
    """
    popular = services.popular(request.tenant)
    is_asked_for_more = bool(request.text or request.terms) or request.picture is not None
    if popular is None or is_asked_for_more or request.weights is not None:
        raise failure
    query, level = known.query, known.level
    if query.trending is None or query.anchor is not None:
        top, level = _top(popular, query.anchor)
        query = replace(query, trending=(top.ids, top.scores))
    instead = replace(known, query=query, level=level, reason=_WHY)
    plain = surface.model_copy(update={"weights": {"trending": 1.0}, "complete": False})
    found = look(services, request, instead, ruled, plain, n, watch)
    retrieved = replace(found.candidates.retrieved, degraded=dict(failure.degraded))
    return replace(found, candidates=replace(found.candidates, retrieved=retrieved))


def _top(popular: Popular, anchor: Anchor | None) -> tuple[TopList, str]:
    """The list of the nearest category that has one, and what it builds on."""
    place = int(popular.kinds.of(np.array([anchor.product_id]))[0]) if anchor is not None else -1
    path = popular.kinds.paths[place] if place >= 0 else ""
    while path:
        if path in popular.by_category:
            return popular.by_category[path], "category"
        path = path.rpartition(" > ")[0]
    return (popular.trending if len(popular.trending.ids) else popular.newest), "global"
