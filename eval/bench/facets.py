"""Facets of an indexed shop against counting by hand, under random filters, and how long such a list takes.

::

    python -m eval.bench.facets --data-dir ./data --filters 1000
"""

import argparse
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sqlalchemy import select

from config.settings import Settings
from service.context import Request, Services
from service.core.facets import Facet, FacetValue, without
from service.core.filters import Condition, Filter, Match, Range, all_of, matches
from service.core.types import DEFAULT_TENANT
from service.listed import SearchList, search_listed
from service.runtime import open_runtime
from service.store.catalog import serving_rows
from service.store.tables import PRODUCT

FACETS = ("brand", "category", "price", "rating", "in_stock", "tags")
_BROWSING = 0.1  # share of requests without words
_RATINGS = (1.0, 2.0, 3.0, 4.0)

Payloads = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class FacetReport:
    """Requests whose counts were compared, those that differed, and milliseconds of each; `load` of the machine before.

    Attributes
    ----------
    at_least : requests that matched more products than are looked at.
    """

    products: int
    filters: int
    different: int
    at_least: int
    search_p50_ms: float
    search_p95_ms: float
    browse_p50_ms: float
    browse_p95_ms: float
    load: float


def compare(services: Services, filters: int, seed: int) -> FacetReport:
    """Ask for lists with facets under random filters, and count them by hand."""
    draw, load = random.Random(seed), os.getloadavg()[0]
    payloads, names = _catalogue(services)
    times: dict[bool, list[float]] = {True: [], False: []}
    different = at_least = 0
    for number in range(filters):
        words = None if draw.random() < _BROWSING else _words(draw, names)
        wanted = all_of(*_conditions(draw, payloads))
        request = Request("search", f"facets-{number}", DEFAULT_TENANT, text=words, filter=wanted)
        start = perf_counter()
        page = search_listed(services, request, facets=FACETS, after=None)
        times[words is not None].append((perf_counter() - start) * 1000)
        at_least += page.is_at_least
        counting = SearchList(services, request, "relevance").counting
        matching = None if words is None else counting.matching(counting.asked())
        for name, facet in (page.facets or {}).items():
            narrowed = without(wanted, name)
            ids = None if matching is None else set(matching.within(narrowed).ids.tolist())
            found = [p for key, p in payloads.items() if (ids is None or key in ids) and matches(narrowed, p, key)]
            different += not _is_equal(name, facet, found)
    search_p50, search_p95 = _percentiles(times[True])
    browse_p50, browse_p95 = _percentiles(times[False])
    return FacetReport(
        len(payloads), filters, different, at_least, search_p50, search_p95, browse_p50, browse_p95, load
    )


def _percentiles(times_ms: Sequence[float]) -> tuple[float, float]:
    p50, p95 = np.percentile(times_ms or [0.0], [50, 95]).round(2)
    return float(p50), float(p95)


def _catalogue(services: Services) -> tuple[Payloads, Sequence[str]]:
    with services.database.session() as session:
        rows = session.connection().execute(select(PRODUCT.c.id, PRODUCT.c.name)).all()
        found = serving_rows(session, DEFAULT_TENANT, [row.id for row in rows])
    seen = {key: row.payload() for key, row in found.items() if row.visible and row.in_stock}
    return seen, [row.name for row in rows if row.id in seen]


def _words(draw: random.Random, names: Sequence[str]) -> str:
    words = draw.choice(names).split()
    return " ".join(draw.sample(words, min(len(words), draw.randint(1, 3))))


def _conditions(draw: random.Random, payloads: Payloads) -> list[Condition]:
    keys = list(payloads)
    some = [payloads[draw.choice(keys)] for _ in range(3)]
    low, high = sorted(p["price"] or 0.0 for p in some[:2])
    choices: list[Condition] = [
        Match("brand", tuple(p["brand"] for p in some if p["brand"]) or ("none",)),
        Match("category", tuple(draw.choice(p["category"]) for p in some if p["category"]) or ("none",)),
        Range("price", gte=low, lte=high),
        Range("rating", gte=draw.choice(_RATINGS)),
        Match("tags", tuple(tag for p in some for tag in p["tags"]) or ("none",)),
        Filter(should=(Range("price", lt=low), Range("price", gte=high))),
        Filter(must_not=(Match("brand", (some[0]["brand"] or "none",)),)),
    ]
    return draw.sample(choices, draw.randint(0, 3))


def _is_equal(name: str, facet: Facet, found: Sequence[Mapping[str, Any]]) -> bool:
    if facet.ranges:
        values = [p[name] for p in found if p[name] is not None]
        inside = [
            sum((r.gte is None or v >= r.gte) and (r.lt is None or v < r.lt) for v in values) for r in facet.ranges
        ]
        return inside == [r.count for r in facet.ranges] and (name != "price" or sum(inside) == len(values))
    counts: Counter[Any] = Counter()
    for p in found:
        value = p[name]
        counts.update({one for one in (value if isinstance(value, list) else [value]) if one is not None})
    told = dict(_flat(facet.values))
    return all(counts[value] == count for value, count in told.items()) and len(told) + facet.left_out == len(counts)


def _flat(values: Sequence[FacetValue]) -> list[tuple[Any, int]]:
    return [pair for one in values for pair in ((one.value, one.count), *_flat(one.children))]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True, help="of an indexed shop")
    parser.add_argument("--filters", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=6)
    asked = parser.parse_args()
    settings = Settings(data_dir=asked.data_dir, log_level="warning")
    with open_runtime(settings) as runtime:
        report = compare(runtime.services, asked.filters, asked.seed)
    sys.stdout.write(json.dumps(asdict(report), indent=2) + "\n")


if __name__ == "__main__":
    main()
