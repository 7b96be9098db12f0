"""What an interaction says about taste: its type, the stars it gave, and how long ago it was."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from service.core.behaviour import Codes, Times
from service.core.types import EventType, Floats

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class EventWeights:
    """What an interaction says about taste.

    Parameters
    ----------
    by_type : event type -> weight; missing means 0, negative is a dislike.
    half_life_days : after so many days an interaction counts half; infinite switches that off.
    liked_from, disliked_to : stars. A rating of at least `liked_from` has its type's weight, one of at most
        `disliked_to` has its negative, one in between or without stars says nothing.
    """

    by_type: Mapping[EventType, float]
    half_life_days: float = 90.0
    liked_from: float = 4.0
    disliked_to: float = 2.0


def event_weights(types: Codes, values: Floats, at: Times, now: float, params: EventWeights) -> Floats:
    """Weight of the type x age decay of each interaction, float32[N].

    Parameters
    ----------
    types : uint8[N], position in ``tuple(EventType)``. values : float32[N], a rating's stars; NaN where there are none.
    at, now : epoch seconds; what lies after `now` counts as of now.

    Examples
    --------
    >>> params = EventWeights({EventType.VIEW: 1.0, EventType.PURCHASE: 5.0}, half_life_days=10)
    >>> view, purchase = list(EventType).index("view"), list(EventType).index("purchase")
    >>> at = np.array([0.0, 10 * 86_400])
    >>> event_weights(np.array([purchase, view], np.uint8), np.full(2, np.nan, np.float32), at, at[1], params).tolist()
    [2.5, 1.0]
    """
    table = np.array([params.by_type.get(kind, 0.0) for kind in EventType])
    weights = table[types]
    is_rating = types == list(EventType).index(EventType.RATING)
    opinion = np.where(values >= params.liked_from, 1.0, np.where(values <= params.disliked_to, -1.0, 0.0))
    age_days = np.maximum(now - at, 0.0) / _DAY_S
    decay = 0.5 ** (age_days / params.half_life_days)
    return np.asarray(np.where(is_rating, weights * opinion, weights) * decay, dtype=np.float32)
