"""One request in eight steps: assign, hydrate, retrieve, filter, fuse, adjust, diversify, record."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from config.params import Params, Surface
from service.core.errors import InvalidQuery
from service.core.filters import Filter, HasId, Match, all_of
from service.core.types import Anchor, RankedItem, Slate, Trace
from service.experiments import assign
from service.hydrate import hydrate
from service.ranking.adjust import add_contribution, freshness
from service.ranking.diversify import mmr
from service.ranking.eligibility import why_not
from service.ranking.fuse import Fused, ScoredList, reciprocal_rank, weighted_sum
from service.ranking.normalize import NORMALIZERS
from service.ranking.sample import plackett_luce, request_seed
from service.retrieve import Questions, Retrieved, ask, retrieve
from service.signals import Encoders
from service.store.database import Database
from service.store.serving import serving_payload, serving_rows
from service.store.spaces import PRODUCTS
from service.store.vectors import VectorStore

Payloads = Mapping[int, Mapping[str, Any]]


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


@dataclass(slots=True)
class _Stopwatch:
    step_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.step_ms[name] = self.step_ms.get(name, 0.0) + (time.perf_counter() - start) * 1000


def recommend(services: Services, request: Request) -> Slate:
    """Answer one request.

    Raises
    ------
    InvalidQuery, NotFound : the request asks for something impossible or unknown.
    DependencyUnavailable : the database or every signal is down.
    """
    watch = _Stopwatch()
    with watch.step("assign"):
        assignment = assign(services.params, request.surface, weights=request.weights, mmr_lambda=request.mmr_lambda)
        surface = assignment.surface
        n = _slots(request.n, surface)
    with watch.step("hydrate"):
        query, excluded = hydrate(services.database, services.store, services.encoders, request.tenant,
                                  text=request.text, product=request.product, exclude=request.exclude)  # fmt: skip
        wanted = all_of(Match("tenant", (request.tenant,)), request.filter, _never(query.anchor, excluded))
    with watch.step("retrieve"):
        questions = ask(query, surface.weights, services.encoders, services.params.retrieval.deadline_ms)
    retrieved, payloads, dropped = _until_enough(services, surface, questions, wanted, n, watch)
    with watch.step("fuse"):
        fused = _fuse(retrieved, dropped, surface)
    with watch.step("adjust"):
        fused = _adjust(fused, payloads, surface, services.now())
    with watch.step("diversify"):
        fused, propensities = _choose(services.store, fused, surface, n, request_seed(request.request_id))
    slate = Slate(
        request.request_id,
        request.surface,
        assignment.variant,
        _items(fused, propensities),
        retrieved.degraded,
        _shortfall(len(propensities), n, dropped),
        Trace(
            {name: len(hits.ids) for name, hits in retrieved.lists.items()},
            dropped,
            tuple(fused.ids[len(propensities) :].tolist()),
            watch.step_ms,
        ),
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


def _until_enough(
    services: Services, surface: Surface, questions: Questions, wanted: Filter | None, n: int, watch: _Stopwatch
) -> tuple[Retrieved, Payloads, dict[int, str]]:
    """Retrieve and check; when too few of the candidates are eligible, ask for longer lists while there are more."""
    retrieval = services.params.retrieval
    in_stock = Match("in_stock", (True,)) if surface.in_stock_only else None
    indexed = all_of(wanted, Match("visible", (True,)), in_stock)
    limit = max(surface.candidates, n)
    while True:
        with watch.step("retrieve"):
            retrieved = retrieve(services.store, questions, limit, indexed, retrieval.ef)
        with watch.step("filter"):
            ids = sorted({i for hits in retrieved.lists.values() for i in hits.ids.tolist()})
            with services.database.session() as session:
                payloads = {i: serving_payload(row) for i, row in serving_rows(session, ids).items()}
            dropped = why_not(ids, payloads, wanted, in_stock_only=surface.in_stock_only)
        exhausted = all(len(hits.ids) < limit for hits in retrieved.lists.values())
        if len(ids) - len(dropped) >= n or exhausted or limit >= retrieval.max_candidates:
            return retrieved, payloads, dropped
        limit = min(limit * retrieval.growth, retrieval.max_candidates)


def _fuse(retrieved: Retrieved, dropped: Mapping[int, str], surface: Surface) -> Fused:
    lists = {}
    gone = np.fromiter(dropped, np.int64, len(dropped))
    for name, hits in retrieved.lists.items():
        keep = ~np.isin(hits.ids, gone)
        scores = hits.scores[keep].astype(np.float64)
        lists[name] = ScoredList(hits.ids[keep], scores)
    if surface.fuse == "rrf":
        return reciprocal_rank(lists, surface.weights, surface.rrf_k)
    normalize = NORMALIZERS[surface.normalize]
    return weighted_sum({name: ScoredList(s.ids, normalize(s.scores)) for name, s in lists.items()}, surface.weights)


def _adjust(fused: Fused, payloads: Payloads, surface: Surface, now: float) -> Fused:
    if not surface.freshness or not len(fused.ids):
        return fused
    created = [payloads[i]["created_at"] for i in fused.ids.tolist()]
    ages_days = (now - np.array(created, dtype=np.float64)) / 86_400
    return add_contribution(
        fused, "freshness", freshness(ages_days, surface.freshness, surface.freshness_half_life_days)
    )


def _choose(store: VectorStore, fused: Fused, surface: Surface, n: int, seed: int) -> tuple[Fused, np.ndarray]:
    """The list with its first n in slate order, and those slots' propensities."""
    order = np.arange(len(fused.ids))
    if surface.mmr_lambda < 1 and len(order) > 1:
        pool = fused.ids[: max(surface.mmr_pool, n)]
        picked = mmr(fused.scores[: len(pool)], text_vectors(store, pool), n, surface.mmr_lambda)
        order = np.concatenate([picked, np.setdiff1d(order, picked)])
    # MMR's order is the relevance that sampling starts from, so that variety survives the draw
    relevance = np.sort(fused.scores)[::-1]
    drawn, propensities = plackett_luce(relevance, n, surface.temperature, seed)
    order = np.concatenate([order[drawn], np.delete(order, drawn)])
    return fused.take(order), propensities


def text_vectors(store: VectorStore, ids: np.ndarray) -> np.ndarray:
    """Unit text vectors float32[C, D] of these products; zeros where a product has none."""
    records = store.retrieve(PRODUCTS, ids.tolist(), vectors=("text",))
    known = {i: record.vectors["text"] for i, record in records.items() if "text" in record.vectors}
    size = len(next(iter(known.values()))) if known else 1  # type: ignore[arg-type]
    return np.stack([known.get(i, np.zeros(size, np.float32)) for i in ids.tolist()])  # type: ignore[misc]


def _items(fused: Fused, propensities: np.ndarray) -> tuple[RankedItem, ...]:
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


def _shortfall(found: int, n: int, dropped: Mapping[int, str]) -> str | None:
    if found >= n:
        return None
    hint = f"; {len(dropped)} more were found but are not available now" if dropped else ""
    return f"{found} of {n} asked for: no more products match{hint}"
