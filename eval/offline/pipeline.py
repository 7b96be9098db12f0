"""What the service shows each user: the home feed, asked for as the API asks for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from eval.offline.shop import Trained
from eval.offline.split import Split
from service.context import Request, Services
from service.core.types import DEFAULT_TENANT
from service.pipeline import recommend

SURFACE = "home"

Advance = Callable[[float], None]


def signals_of(weights: Mapping[str, float]) -> list[str]:
    """Names of the signals that count."""
    return [name for name, weight in weights.items() if weight]


def only(signal: str, weights: Mapping[str, float]) -> dict[str, float]:
    """Weights that leave one signal alone.

    Examples
    --------
    >>> only("cf", {"cf": 0.5, "text": 0.2})
    {'cf': 1.0, 'text': 0.0}
    """
    return {name: float(name == signal) for name in weights}


def home_rankings(
    trained: Trained,
    split: Split,
    users: Sequence[str],
    *,
    n: int,
    weights: Mapping[str, float] | None = None,
    on_progress: Advance = lambda _: None,
) -> list[list[str]]:
    """External ids of the products each user is shown, best first.

    Each user comes back at the moment of their own last known interaction: whoever was active years ago is greeted as
    somebody who never left.
    """
    services = trained.runtime.services
    names = {key: external_id for external_id, key in trained.keys.items()}
    last = _last_seen(split)
    rankings = []
    for user in users:
        request = Request(SURFACE, f"offline:{user}", DEFAULT_TENANT, user=user, n=n, weights=weights)
        slate = recommend(_at(services, last[user]), request)
        rankings.append([names[item.product_id] for item in slate.items])
        on_progress(1)
    return rankings


def _last_seen(split: Split) -> dict[str, datetime]:
    last: dict[str, datetime] = {}
    for event in (*split.train, *split.later):
        if event.user is not None:
            last[event.user] = max(event.at, last.get(event.user, event.at))
    return last


def _at(services: Services, moment: datetime) -> Services:
    return replace(services, now=partial(float, moment.timestamp()))
