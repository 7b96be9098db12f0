"""Every slot of the live collections under real filters, and a sweep over breadth and selectivity."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from config.settings import Settings
from eval.ann.filters import SELECTIVITY, common_filters, selective_filters
from eval.ann.probes import Probes, live_probes
from eval.ann.quantisation import quantisation
from eval.ann.recall import AnnRow, compare
from service.core.errors import IndexNotReady
from service.store.spaces import PRODUCTS
from service.store.vectors import VectorStore

K = 100
SWEEP_K = (10, K)
EFS = (32, 64, 128, 192, 256, 512)

Tick = Callable[[int, int], None]


def ann(
    store: VectorStore, settings: Settings, release: str | None, *, ef: int, queries: int = 200, seed: int = 0,
    tick: Tick = lambda done, total: None,
) -> dict[str, Any]:  # fmt: skip
    """Recall and latency as JSON.

    Parameters
    ----------
    release : the live one; None measures the products only. ef : the breadth in force. tick : told how far it is.

    Returns
    -------
    dict : ``rows``: recall@100 of every slot at `ef` under filters of real requests; ``sweep``: dense slots by breadth
    and selectivity, at k of 10 and 100.

    Raises
    ------
    IndexNotReady : the shop was never indexed.
    """
    if PRODUCTS not in store.names() or not store.count(PRODUCTS):
        raise IndexNotReady("this shop has no index yet; run `vitrine index`")
    start = time.perf_counter()
    probes = live_probes(store, release, queries, seed)
    collections = list(dict.fromkeys(each.collection for each in probes))
    common = {name: common_filters(store, name) for name in collections}
    selective = {name: selective_filters(store, name) for name in collections}
    dense = [each for each in probes if not each.is_sparse]
    total = sum(len(common[each.collection]) for each in probes) + sum(len(selective[e.collection]) for e in dense)
    rows: list[AnnRow] = []
    sweep: list[dict[str, Any]] = []
    done = 0
    for each in probes:
        for wanted in common[each.collection]:
            rows += compare(store, each, wanted, K, [ef])
            done += 1
            tick(done, total)
    for each in dense:
        for share, wanted in selective[each.collection]:
            sweep += [
                {"selectivity": share, **asdict(row)}
                for k in SWEEP_K
                for row in compare(store, each, wanted, k, _breadths(ef, k))
            ]
            done += 1
            tick(done, total)
    missing = {name: [share for share in SELECTIVITY if share not in dict(found)] for name, found in selective.items()}
    return {
        "ef": ef,
        "k": K,
        "queries": queries,
        "release": release,
        "products": store.count(PRODUCTS),
        "quantisation": quantisation(settings, collections),
        "rows": [asdict(row) for row in rows],
        "sweep": sweep,
        "no_filter_for": {name: shares for name, shares in missing.items() if shares},
        "silent": _silent(probes, release),
        "load_average": round(os.getloadavg()[0], 1),
        "seconds": round(time.perf_counter() - start, 1),
    }


def _breadths(ef: int, k: int) -> list[int]:
    """The engine searches at least `k` wide: smaller breadths would all be the same."""
    return sorted({each for each in (*EFS, ef) if each >= k} | {k})


def _silent(probes: Sequence[Probes], release: str | None) -> list[str]:
    """Slots nothing was measured of: they are empty."""
    slots = ("text", "image", "lexical", *(("cf", "covisit", "sequence", "association") if release else ()))
    return [slot for slot in slots if slot not in {each.slot for each in probes}]
