"""Approximate beside exact search: the same queries, the same filter, both through the store the service uses."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval.ann.probes import Probes
from service.core.filters import Filter
from service.store.vectors import Hits, VectorQuery, VectorStore

Queries = list[VectorQuery]


@dataclass(frozen=True, slots=True)
class AnnRow:
    """One slot under one filter.

    Attributes
    ----------
    matching : share of the collection's products that pass the filter. ef : breadth of the graph search; None in
    sparse slots, which have no graph. k : hits asked for. ms, exact_ms : per query, one query at a time.
    """

    collection: str
    slot: str
    filter: str
    matching: float
    ef: int | None
    k: int
    recall: float
    ms: float
    exact_ms: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter with its name, and the share of products that pass it."""

    name: str
    filter: Filter | None
    matching: float


def compare(store: VectorStore, probes: Probes, wanted: Wanted, k: int, efs: Sequence[int]) -> list[AnnRow]:
    """A row per breadth (one row for a sparse slot); the exact search is done once."""
    breadths: Sequence[int | None] = (None,) if probes.is_sparse else efs

    def ask(ef: int | None, *, exact: bool = False) -> tuple[list[Hits], float]:
        queries = [VectorQuery(probes.slot, v, k, wanted.filter, exact=exact, ef=ef) for v in probes.vectors]
        return _ask(store, probes.collection, queries)

    exact, exact_ms = ask(None, exact=True)
    rows = []
    for ef in breadths:
        found, ms = ask(ef)
        recall = float(np.mean([recall_by_score(a, e) for a, e in zip(found, exact, strict=True)]))
        rows.append(AnnRow(probes.collection, probes.slot, wanted.name, wanted.matching, ef, k, recall, ms, exact_ms))
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
    # the two searches may sum in another order: the last bits may differ
    slack = 1e-5 * max(1.0, abs(float(exact.scores[-1])))
    return float((approximate.scores >= exact.scores[-1] - slack).sum()) / len(exact.ids)


def _ask(store: VectorStore, collection: str, queries: Queries) -> tuple[list[Hits], float]:
    start = time.perf_counter()
    hits = [store.search(collection, [query])[0] for query in queries]
    return hits, (time.perf_counter() - start) * 1000 / len(queries)
