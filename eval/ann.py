"""How much the approximate search loses against exact search, on the live collection."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from service.core.filters import Condition, Filter, Match, Range, all_of
from service.core.types import Floats
from service.store.spaces import PRODUCTS
from service.store.vectors import Hits, VectorQuery, VectorStore

K = 100


@dataclass(frozen=True, slots=True)
class AnnRow:
    """One slot under one filter: share of matching products, recall@100 and milliseconds per query."""

    slot: str
    filter: str
    matching: float
    recall: float
    ms: float
    exact_ms: float


def ann_recall(
    store: VectorStore, slots: Sequence[str], *, queries: int = 200, ef: int | None = None, seed: int = 0
) -> list[AnnRow]:
    """recall@100 of every dense slot, without and with filters of different selectivity.

    Queries are stored vectors with a little noise: where real queries lie, but never a stored point itself.
    """
    rng = np.random.default_rng(seed)
    ids = np.array([record.id for record in store.scroll(PRODUCTS)])
    chosen = rng.choice(ids, min(queries, len(ids)), replace=False)
    filters = common_filters(store)
    rows = []
    for slot in slots:
        records = store.retrieve(PRODUCTS, chosen.tolist(), vectors=(slot,))
        vectors = [_noisy(r.vectors[slot], rng) for r in records.values() if slot in r.vectors]  # type: ignore[arg-type]
        for name, wanted in filters.items() if vectors else ():
            matching = store.count(PRODUCTS, wanted) / max(len(ids), 1)
            approximate, ms = _ask(store, [VectorQuery(slot, v, K, wanted, ef=ef) for v in vectors])
            exact, exact_ms = _ask(store, [VectorQuery(slot, v, K, wanted, exact=True) for v in vectors])
            found = [recall_by_score(a, e) for a, e in zip(approximate, exact, strict=True)]
            rows.append(AnnRow(slot, name, matching, float(np.mean(found)), ms, exact_ms))
    return rows


def recall_by_score(approximate: Hits, exact: Hits) -> float:
    """Share of the exact list's length that was found as near; equal scores are equally good.

    Examples
    --------
    >>> exact = Hits(np.array([1, 2]), np.array([0.9, 0.8], np.float32))
    >>> recall_by_score(Hits(np.array([1, 7]), np.array([0.9, 0.8], np.float32)), exact)
    1.0
    """
    if not len(exact.ids):
        return 1.0
    # the two searches may sum in another order: the last bit may differ
    return float((approximate.scores >= exact.scores[-1] - 1e-5).sum()) / len(exact.ids)


def common_filters(store: VectorStore) -> Mapping[str, Filter | None]:
    """Filters shoppers use, on values that exist: stock, prices, a large and a small category, a brand."""
    filters: dict[str, Filter | None] = {"none": None, "in stock": all_of(Match("in_stock", (True,)))}
    prices = [record.payload.get("price") for record in store.scroll(PRODUCTS, payload=("price",))]
    if known := [price for price in prices if price is not None]:
        low, high = np.quantile(known, [0.25, 0.75])
        filters["middle prices"] = all_of(Range("price", gte=float(low), lte=float(high)))
    for field, places in (("category", (0, 20)), ("brand", (0,))):
        values = store.facet(PRODUCTS, field, limit=50)
        for place in places:
            if place < len(values):
                condition: Condition = Match(field, (values[place][0],))
                filters[f"{field} = {values[place][0]}"] = all_of(condition)
    return filters


def _ask(store: VectorStore, queries: Sequence[VectorQuery]) -> tuple[list[Hits], float]:
    start = time.perf_counter()
    hits = [store.search(PRODUCTS, [query])[0] for query in queries]
    return hits, (time.perf_counter() - start) * 1000 / len(queries)


def _noisy(vector: Floats, rng: np.random.Generator) -> Floats:
    noise = rng.normal(size=len(vector)).astype(np.float32)
    return vector + 0.1 * noise / np.linalg.norm(noise)
