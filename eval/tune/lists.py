"""Every signal's list for every user at every half-life, retrieved once: a trial then only has to fuse."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from config.surface import Surface
from eval.offline.asked import Asked
from eval.offline.pipeline import SURFACE
from eval.offline.shop import Trained
from service.candidates import Wanted
from service.complete import completed
from service.context import Request, Services
from service.core.types import DEFAULT_TENANT, Ids
from service.hydrate import hydrate
from service.rank import fuse
from service.ranking.fuse import Fused
from service.retrieve import ask, retrieve
from service.store.serving import ServingRow, serving_rows
from service.store.vectors import Hits
from service.variety import Known, diversify

_PATIENCE_MS = 60_000  # nobody waits for an answer here


@dataclass(frozen=True, slots=True)
class Choice:
    """What a trial chooses: signal -> weight, and signal -> half-life in products."""

    weights: dict[str, float]
    half_lives: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Lists of U users.

    Attributes
    ----------
    lists : (signal, half-life) -> U lists, None where the signal was silent; half-life 0 for those that have none.
    products : int64[P], internal ids in the order of the places. surface : the home feed as configured.
    behaviour : the release's collection. rows : of every product.
    """

    lists: dict[tuple[str, float], list[Hits | None]]
    products: Ids
    surface: Surface
    behaviour: str | None = None
    rows: Mapping[int, ServingRow] = field(default_factory=dict)

    def fused(self, choice: Choice, user: int) -> Fused:
        """One user's feed before anything is known of the products."""
        weights = {signal: weight for signal, weight in choice.weights.items() if weight}
        lists = {signal: self.lists[signal, choice.half_lives.get(signal, 0.0)][user] for signal in weights}
        told = {signal: hits for signal, hits in lists.items() if hits is not None}
        return fuse(told, self.surface.model_copy(update={"weights": weights}))

    def places(self, choice: Choice, users: Sequence[int], n: int) -> Ids:
        """Places of the first n products, int64[len(users), n], -1 where nothing more was found."""
        out = np.full((len(users), n), -1, np.int64)
        for row, user in enumerate(users):
            ids = self.fused(choice, user).ids[:n]
            out[row, : len(ids)] = np.searchsorted(self.products, ids)
        return out

    def diverse_places(
        self, services: Services, choice: Choice, mmr_lambda: float, users: Sequence[int], n: int
    ) -> Ids:
        """The same after MMR."""
        changes = {"mmr_lambda": mmr_lambda, "temperature": 0.0, "caps": {}, "guests": self.surface.guests.none()}
        surface = self.surface.model_copy(update=changes)
        out = np.full((len(users), n), -1, np.int64)
        for row, user in enumerate(users):
            fused = self.fused(choice, user)
            pool = fused.take(np.arange(min(len(fused.ids), max(surface.pool, n))))
            ids = diversify(Known(services.vectors, self.behaviour, self.rows), pool, surface, n, seed=0).fused.ids[:n]
            out[row, : len(ids)] = np.searchsorted(self.products, ids)
        return out


def gather(
    trained: Trained, asked: Asked, signals: Sequence[str], half_lives: Sequence[float],
    on_progress: Callable[[float], None],
) -> Gathered:  # fmt: skip
    """Ask every signal for every user, once per half-life, as the home feed would.

    Parameters
    ----------
    half_lives : to be tried, in products, > 0.
    """
    params = trained.runtime.params
    surface = params.surfaces[SURFACE]
    aging = {signal for signal in signals if signal in params.history.half_life_products}
    lists: dict[tuple[str, float], list[Hits | None]] = {}
    for turn, half_life in enumerate(half_lives):
        same = dict.fromkeys(params.history.half_life_products, half_life)
        history = params.history.model_copy(update={"half_life_products": same})
        services = replace(trained.runtime.services, params=params.model_copy(update={"history": history}))
        wanted = [signal for signal in signals if signal in aging or turn == 0]
        keys = {signal: (signal, half_life if signal in aging else 0.0) for signal in wanted}
        lists |= {key: [] for key in keys.values()}
        for row, user in enumerate(asked.users):
            found = _lists(replace(services, now=partial(float, asked.moments[row])), surface, user, wanted)
            for signal, key in keys.items():
                lists[key].append(found.get(signal))
            on_progress(1)
    release = trained.runtime.services.release()
    products = trained.data.products
    with trained.runtime.database.session() as session:
        rows = serving_rows(session, DEFAULT_TENANT, products.tolist())
    return Gathered(lists, products, surface, release.behaviour if release else None, rows)


def _lists(services: Services, surface: Surface, user: str, signals: Sequence[str]) -> dict[str, Hits]:
    request = Request(SURFACE, f"tune:{user}", DEFAULT_TENANT, user=user)
    known = hydrate(services, request, surface)
    questions = ask(known.query, dict.fromkeys(signals, 1.0), services.encoders, _PATIENCE_MS)
    wanted = Wanted(DEFAULT_TENANT, None, known.excluded, surface.in_stock_only)
    limit, ef = surface.candidates, services.params.retrieval.ef
    retrieved = retrieve(services.store, questions, limit, wanted.in_index(), ef)
    if surface.complete:
        retrieved = completed(services.store, questions, retrieved, wanted.in_index())
    # lists that were ready, such as the trend, did not pass the index's filter
    never = np.fromiter(known.excluded, np.int64, len(known.excluded))
    allowed = {signal: ~np.isin(hits.ids, never) for signal, hits in retrieved.lists.items()}
    return {
        signal: Hits(hits.ids[allowed[signal]], hits.scores[allowed[signal]])
        for signal, hits in retrieved.lists.items()
    }
