"""One request in eight steps: assign, hydrate, retrieve, filter, fuse, adjust, diversify, record."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from config.params import Params, Surface
from service.candidates import Candidates, gather
from service.core.errors import InvalidQuery
from service.core.filters import Filter, HasId, Match, all_of
from service.core.types import Anchor, RankedItem, Slate, Trace
from service.experiments import assign
from service.hydrate import hydrate
from service.rank import adjust, diversify, fuse
from service.ranking.fuse import Fused
from service.ranking.sample import request_seed
from service.retrieve import ask
from service.signals import Encoders
from service.stopwatch import Stopwatch
from service.store.database import Database
from service.store.vectors import VectorStore


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks of a surface; overrides that are None leave the configuration in force.

    Parameters
    ----------
    product : external id of the anchor. text : query words.
    n : slots wanted. exclude : external ids never to be shown.
    """

    surface: str
    request_id: str
    tenant: str
    text: str | None = None
    product: str | None = None
    n: int | None = None
    filter: Filter | None = None
    exclude: tuple[str, ...] = ()
    weights: Mapping[str, float] | None = None
    mmr_lambda: float | None = None


@dataclass(frozen=True, slots=True)
class Services:
    """What the pipeline works with; built once by `service.runtime`."""

    database: Database
    store: VectorStore
    encoders: Encoders
    params: Params
    record: Callable[[Slate], None]
    now: Callable[[], float] = time.time


def recommend(services: Services, request: Request) -> Slate:
    """Answer one request.

    Raises
    ------
    InvalidQuery, NotFound : the request asks for something impossible or unknown.
    DependencyUnavailable : the database or every signal is down.
    """
    params, watch = services.params, Stopwatch()
    with watch.step("assign"):
        assignment = assign(params, request.surface, weights=request.weights, mmr_lambda=request.mmr_lambda)
        surface = assignment.surface
        n = _slots(request.n, surface)
    with watch.step("hydrate"):
        query, excluded = hydrate(services.database, services.store, services.encoders, request.tenant,
                                  text=request.text, product=request.product, exclude=request.exclude)  # fmt: skip
    with watch.step("retrieve"):
        questions = ask(query, surface.weights, services.encoders, params.retrieval.deadline_ms)
    wanted = all_of(Match("tenant", (request.tenant,)), request.filter, _never(query.anchor, excluded))
    candidates = gather(
        services.database, services.store, questions, wanted, n, surface, params.retrieval, watch
    )  # steps retrieve and filter
    with watch.step("fuse"):
        fused = fuse(candidates, surface)
    with watch.step("adjust"):
        fused = adjust(fused, candidates, surface, services.now())
    with watch.step("diversify"):
        fused, propensities = diversify(services.store, fused, surface, n, request_seed(request.request_id))
    slate = Slate(
        request.request_id,
        request.surface,
        assignment.variant,
        _items(fused, propensities),
        candidates.retrieved.degraded,
        _shortfall(len(propensities), n, candidates.dropped),
        _trace(candidates, fused, len(propensities), watch),
    )
    services.record(slate)
    return slate


def _slots(asked: int | None, surface: Surface) -> int:
    n = surface.n if asked is None else asked
    if not 1 <= n <= surface.max_n:
        raise InvalidQuery(f"n must lie between 1 and {surface.max_n} on this surface, got {n}", code="invalid_n")
    return n


def _never(anchor: Anchor | None, excluded: frozenset[int]) -> Filter | None:
    ids = excluded | ({anchor.product_id} if anchor else set())
    return Filter(must_not=(HasId(ids),)) if ids else None


def _items(fused: Fused, propensities: NDArray[np.float64]) -> tuple[RankedItem, ...]:
    items = []
    for slot, propensity in enumerate(propensities.tolist()):
        shares = dict(zip(fused.signals, fused.contributions[:, slot].tolist(), strict=True))
        items.append(
            RankedItem(
                int(fused.ids[slot]),
                slot + 1,
                float(fused.scores[slot]),
                {name: share for name, share in shares.items() if share},
                propensity,
                max(shares, key=shares.__getitem__),
            )
        )
    return tuple(items)


def _trace(candidates: Candidates, fused: Fused, shown: int, watch: Stopwatch) -> Trace:
    retrieved = {name: len(hits.ids) for name, hits in candidates.retrieved.lists.items()}
    return Trace(retrieved, candidates.dropped, tuple(fused.ids[shown:].tolist()), watch.step_ms)


def _shortfall(found: int, n: int, dropped: Mapping[int, str]) -> str | None:
    if found >= n:
        return None
    hint = f"; {len(dropped)} more were found but are not available now" if dropped else ""
    return f"{found} of {n} asked for: no more products match{hint}"
