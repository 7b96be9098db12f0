"""What the service shows each user: the home feed, asked for as the API asks for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from eval.offline.asked import Asked
from eval.offline.shop import Trained
from service.context import Request
from service.core.errors import InvalidQuery
from service.core.filters import Filter, HasId
from service.core.types import DEFAULT_TENANT, Ids
from service.pipeline import recommend

SURFACE = "home"

Advance = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Way:
    """How the feed is asked; None leaves the configuration in force. with_rules : business rules count."""

    weights: Mapping[str, float] | None = None
    mmr_lambda: float | None = None
    with_rules: bool = True

    def key(self, configured: Mapping[str, float]) -> tuple[frozenset[tuple[str, float]], float | None, bool]:
        """Equal for ways that give the same lists: only the weights' proportions matter."""
        weights = {**configured, **(self.weights or {})}
        largest = max(weights.values())
        return frozenset((name, w / largest) for name, w in weights.items() if w), self.mmr_lambda, self.with_rules


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


def without(signal: str, weights: Mapping[str, float]) -> dict[str, float]:
    """Weights that leave one signal out.

    Examples
    --------
    >>> without("cf", {"cf": 0.5, "text": 0.2})
    {'cf': 0.0, 'text': 0.2}
    """
    return {name: 0.0 if name == signal else weight for name, weight in weights.items()}


def home_lists(
    trained: Trained,
    asked: Asked,
    rows: Ids,
    n: int,
    way: Way = Way(),
    *,
    among: Mapping[int, Ids] | None = None,
    on_progress: Advance = lambda _: None,
) -> Ids:
    """Places of the products that users are shown, int64[len(rows), n], best first, -1 where nothing more was found.

    Parameters
    ----------
    rows : places of the users in `asked`. among : row -> places of the only products to choose from.

    Raises
    ------
    InvalidQuery : a score is not a number.
    """
    services, products = trained.runtime.services, trained.data.products
    if not way.with_rules:
        services = replace(services, rules=lambda _: ())
    lists = np.full((len(rows), n), -1, np.int64)
    for slot, row in enumerate(rows.tolist()):
        user = asked.users[row]
        chosen = None if among is None else Filter(must=(HasId(frozenset(products[among[row]].tolist())),))
        request = Request(
            SURFACE, f"offline:{user}", DEFAULT_TENANT, user=user, n=n, filter=chosen, weights=way.weights,
            mmr_lambda=way.mmr_lambda,
        )  # fmt: skip
        slate = recommend(replace(services, now=partial(float, asked.moments[row]), record=_unseen), request)
        if not np.isfinite([item.score for item in slate.items]).all():
            raise InvalidQuery(f"the feed of user {user!r} has scores that are no numbers", code="not_numbers")
        shown = np.array([item.product_id for item in slate.items], np.int64)
        lists[slot, : len(shown)] = np.searchsorted(products, shown)
        on_progress(1)
    return lists


def _unseen(*_: object) -> None:
    """Nothing is recorded as shown: no shopper saw it."""
