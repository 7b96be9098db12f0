"""What a user's own dislikes and what was shown to them lately take from the scores."""

from datetime import UTC, datetime, timedelta

import numpy as np

from config.surface import Surface
from service.context import Request, Services
from service.core.types import Ids
from service.hydrate import Hydrated
from service.ranking.adjust import resemblance, weariness
from service.ranking.normalize import Scores
from service.store.impressions import shown_to
from service.store.spaces import PRODUCTS

_NEWEST_HIDDEN = 20
_HOUR_S = 3600
_HALF_LIVES = 4  # what was shown longer ago than so many of them is as good as forgotten


def habits(services: Services, request: Request, known: Hydrated, surface: Surface, ids: Ids) -> dict[str, Scores]:
    """What each of these products loses, by reason; float64[C] <= 0 each."""
    losses: dict[str, Scores] = {}
    if surface.dislike and known.history.hidden:
        losses["disliked"] = _disliked(services, known, surface, ids)
    if surface.rotation and request.user is not None:
        losses["shown_lately"] = weariness(_times_shown(services, request, known, surface, ids), surface.rotation)
    return losses


def _disliked(services: Services, known: Hydrated, surface: Surface, ids: Ids) -> Scores:
    hidden = np.array(sorted(known.history.hidden, reverse=True)[:_NEWEST_HIDDEN], np.int64)
    disliked, _ = services.vectors.vectors(PRODUCTS, "text", hidden)
    found, places = services.vectors.vectors(PRODUCTS, "text", ids)
    losses = np.zeros(len(ids))
    losses[places] = resemblance(found, disliked, surface.dislike)
    return losses


def _times_shown(services: Services, request: Request, known: Hydrated, surface: Surface, ids: Ids) -> Scores:
    """How often each product was shown and left alone, float64[C], halving with every half-life."""
    now, half_life = services.now(), surface.rotation_half_life_hours
    since = datetime.fromtimestamp(now, UTC) - timedelta(hours=half_life * _HALF_LIVES)
    times = np.zeros(len(ids))
    with services.database.session() as session:
        slates = shown_to(session, request.tenant, str(request.user), surface=request.surface, since=since)
    for at, products in slates:
        age_hours = max(0.0, now - at.timestamp()) / _HOUR_S
        times[np.isin(ids, products)] += 0.5 ** (age_hours / half_life)
    times[np.isin(ids, known.history.products)] = 0.0  # it was not left alone
    return times
