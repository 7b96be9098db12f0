"""What others took after the same words: a prior of search, made anew behind the answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import structlog

from config.search import Search
from service.core.searched import normalised
from service.core.types import EventType, Floats, Ids
from service.refreshed import Pause, Refreshed
from service.store.database import Database
from service.store.search_counts import TakenProduct, products_taken

log = structlog.get_logger()

MOST_PAIRS = 200_000
MOST_PRODUCTS = 20
"""Of one query."""


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Query -> where its products lie in `ids` int64[P] and `scores` float32[P], best first."""

    places: Mapping[str, tuple[int, int]]
    ids: Ids
    scores: Floats

    def of(self, query: str) -> tuple[Ids, Floats] | None:
        """What people took after a query, however it is written; None if too few did."""
        found = self.places.get(normalised(query))
        return None if found is None else (self.ids[slice(*found)], self.scores[slice(*found)])


class LiveChosen:
    """Keeps each tenant's `Chosen`.

    Parameters
    ----------
    weights : what each type of event is worth. refresh_s : how old it may become, at least. now : the clock, UTC.
    """

    def __init__(
        self,
        database: Database,
        params: Search,
        weights: Mapping[EventType, float],
        refresh_s: float,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._params = params
        self._weights = weights
        self._now = now
        self._kept = Refreshed[Chosen]("chosen", self._make, refresh_s)

    def current(self, tenant: str, query: str) -> tuple[Ids, Floats] | None:
        """Ids and scores of what others took after these words, best first. Never raises.

        The first call of a tenant reads the log and waits for it; others that ask meanwhile do without.
        """
        try:
            chosen = self._kept.at_hand(tenant)
            return None if chosen is None else chosen.of(query)
        except Exception as error:  # noqa: BLE001  search goes on without its prior
            log.warning("chosen_not_read", error=str(error))
            return None

    def close(self) -> None:
        """End what is going on, and wait for it."""
        self._kept.close()

    def _make(self, tenant: str, _: Chosen | None, __: Pause) -> Chosen:
        with self._database.session() as session:
            since = self._now() - timedelta(days=self._params.chosen_days)
            return make_chosen(
                products_taken(
                    session, tenant, since=since, people=self._params.chosen_visitors, weights=self._weights,
                    limit=MOST_PAIRS,
                )
            )  # fmt: skip


def make_chosen(taken: Sequence[TakenProduct]) -> Chosen:
    """The best products of each query, ready to be looked up."""
    ranked = sorted(taken, key=lambda one: (one.query, -one.worth, one.product_id))
    places: dict[str, tuple[int, int]] = {}
    kept: list[TakenProduct] = []
    for one in ranked:
        start, behind = places.get(one.query, (len(kept), len(kept)))
        if behind - start < MOST_PRODUCTS:
            kept.append(one)
            places[one.query] = (start, behind + 1)
    ids = np.array([one.product_id for one in kept], np.int64)
    return Chosen(places, ids, np.array([one.worth for one in kept], np.float32))
