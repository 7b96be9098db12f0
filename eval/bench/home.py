"""What one request costs inside the service, against the bare queries of the engine that it is made of, in one run.

::

    python -m eval.bench.home --shop /tmp/speed50k --requests 300 --json

Home feeds, similar products, searches with new words and the same again, one at a time, in one process and without
sockets; see `eval.load.engine` for what is compared. The shop is a copy of that of `eval.bench.shop`, which is made
first if it is missing.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from config.log import configure_logging
from eval.bench.shop import make_speed_shop, shop_settings
from eval.load.asks import Ask, some_asks
from eval.load.engine import WARM, Costs, engine_costs, ratios
from eval.load.service import copy_of
from eval.load.shoppers import Draw, shoppers_of
from service.runtime import open_database_only

SURFACES = ("home", "similar", "search", "search_again")
_REPEATED = 50  # different searches that are asked again and again


@dataclass(frozen=True, slots=True)
class RequestCost:
    """Milliseconds of requests of one kind.

    Attributes
    ----------
    p50_ms, p99_ms : on the clock, which other programs on the machine make longer. cpu_ms : of the processor, in all
        threads. engine_ms, engine_cpu_ms : the same of the bare queries. wall_ratio : of the medians. cpu_ratio : of
        the sums. searches : of the engine per request. without_search : requests that needed none.
    """

    requests: int
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    engine_ms: float | None
    engine_cpu_ms: float | None
    wall_ratio: float | None
    cpu_ratio: float | None
    searches: float | None
    without_search: int


@dataclass(frozen=True, slots=True)
class HomeCosts:
    """What was measured, and how busy the machine was before and after: 1.0 per core is full."""

    products: int
    users: int
    by_surface: Mapping[str, RequestCost]
    load_before: float
    load_after: float


def measure(folder: Path, products: int, users: int, requests: int, surfaces: Sequence[str], seed: int) -> HomeCosts:
    """Ask a copy of the shop `requests` times for each surface."""
    configure_logging("warning", "json")
    make_speed_shop(folder, products, users)
    before = os.getloadavg()[0]
    with copy_of(shop_settings(folder)) as shop:
        with open_database_only(shop) as database:
            shoppers = shoppers_of(database)
        found = {
            name: _cost(engine_costs(shop, _asks(Draw(shoppers, seed, fresh=name == "search"), name, requests)))
            for name in surfaces
        }
    return HomeCosts(products, users, found, round(before, 2), round(os.getloadavg()[0], 2))


def _asks(draw: Draw, surface: str, requests: int) -> list[Ask]:
    kind = surface.removesuffix("_again")
    if surface != kind:
        some = some_asks(draw, {kind: 1.0}, _REPEATED, n=20, batch=1)
        return [some[number % len(some)] for number in range(requests + max(WARM, len(some)))]
    return some_asks(draw, {kind: 1.0}, requests + WARM, n=20, batch=1)


def _cost(costs: Sequence[Costs]) -> RequestCost:
    p50, p99 = np.percentile([cost.service_ms for cost in costs], (50, 99))
    found: dict[str, Any] = ratios(costs)
    return RequestCost(
        len(costs), round(float(p50), 2), round(float(p99), 2),
        round(float(np.mean([cost.service_cpu_ms for cost in costs])), 2),
        found["engine_ms"], found["engine_cpu_ms"], found["wall_ratio"], found["cpu_ratio"], found["round_trips"],
        found["without_search"],
    )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print a table or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop", type=Path, required=True, help="folder of the shop; made if it is missing")
    parser.add_argument("--products", type=int, default=50_000)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--surfaces", nargs="+", choices=SURFACES, default=SURFACES)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON object, nothing else")
    given = parser.parse_args(argv)
    found = measure(given.shop, given.products, given.users, given.requests, given.surfaces, given.seed)
    if given.json:
        sys.stdout.write(json.dumps(asdict(found), indent=2) + "\n")
        return
    for name, cost in found.by_surface.items():
        sys.stdout.write(
            f"{name:13} p50 {cost.p50_ms} ms, p99 {cost.p99_ms} ms, processor {cost.cpu_ms} ms; "
            f"engine {cost.engine_ms} ms, {cost.engine_cpu_ms} ms of the processor; ratios {cost.wall_ratio}, "
            f"{cost.cpu_ratio}\n"
        )


if __name__ == "__main__":
    main()
