"""How long fusion, rules, variety and explanation take, on arrays: no database, no engine, no HTTP.

As in the pipeline, all candidates are fused, and the best of them, the pool of the configuration, go on from there.

::

    python -m eval.bench.ranking --candidates 800 --slots 20 --rules 50
    python -m eval.bench.ranking --candidates 800 --slots 20 --rules 50 --pool 800
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from config.params import load_params
from config.surface import Surface
from service.core.filters import Condition, Filter, Match, Range
from service.core.rules import Boost, Pin, Quota, Rule, by_precedence
from service.core.types import Floats, Ids
from service.pins import Pinned
from service.rank import adjust, fuse
from service.rules_for import Ruled, ruled
from service.slate import ranked_items
from service.steer import settle, steer
from service.store.serving import ServingRow
from service.store.vectors import Hits
from service.variety import Known, diversify

_MADE = datetime(2026, 1, 1, tzinfo=UTC)
_SIGNALS = 8
_DIMENSIONS = 384
_SHOP = 20_000


@dataclass(frozen=True, slots=True)
class RankingTime:
    """Median milliseconds of each step, and of all of them together; `load` is of the machine before.

    Attributes
    ----------
    pool : the best candidates, which rules and variety look at.
    """

    candidates: int
    pool: int
    slots: int
    rules: int
    fuse_ms: float
    rules_ms: float
    variety_ms: float
    explain_ms: float
    all_ms: float
    all_p95_ms: float
    load: float


class Vectors:
    """What `service.store.vector_cache.VectorCache` is to variety: unit vectors, all of them in memory."""

    def __init__(self, count: int, seed: int) -> None:
        vectors = np.random.default_rng(seed).normal(size=(count, _DIMENSIONS)).astype(np.float32)
        self._vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def vectors(self, collection: str, slot: str, ids: Ids) -> tuple[Floats, Ids]:
        """Vectors of these products and their places among them."""
        return self._vectors[ids], np.arange(len(ids))


def ranking_time(
    candidates: int, slots: int, rules: int, rounds: int, pool: int | None = None, space: str = "text", seed: int = 7
) -> RankingTime:
    """Rank the same candidates again and again; the first tenth of the rounds is no part of the figure."""
    load = os.getloadavg()[0]
    random = np.random.default_rng(seed)
    products = np.sort(random.choice(_SHOP, candidates, replace=False)).astype(np.int64)
    rows = {product: _row(product, random) for product in products.tolist()}
    params = load_params()
    in_force = ruled(by_precedence(_rules(rules, products)))
    surface = params.surfaces["home"].changed({"mmr_space": space} | ({"pool": pool} if pool else {}))
    surface = surface if pool else in_force.widened(surface, params.rules.pool)
    lists = {name: _hits(products, random) for name in list(surface.weights)[:_SIGNALS]}
    pinned = _pinned(in_force, rows)
    known = Known(Vectors(_SHOP, seed), rows=rows)  # type: ignore[arg-type]  # the part of it that variety uses
    steps = _steps(lists, surface, in_force, rows, pinned, known, slots)
    times = np.array([list(_timed(steps)) for _ in range(rounds)])[rounds // 10 :]
    parts = [round(float(one), 3) for one in np.median(times, axis=0)]
    middle, late = (round(float(one), 3) for one in np.percentile(times.sum(axis=1), (50, 95)))
    return RankingTime(
        candidates, surface.pool, slots, rules, parts[0], parts[1], parts[2], parts[3], middle, late, round(load, 1)
    )  # fmt: skip


def _steps(
    lists: dict[str, Hits],
    surface: Surface,
    in_force: Ruled,
    rows: dict[int, ServingRow],
    pinned: Pinned,
    known: Known,
    slots: int,
) -> Callable[[], Iterator[float]]:
    def run() -> Iterator[float]:
        everything = fuse(lists, surface)
        fused = adjust(everything.take(_best(everything.ids, surface.pool, pinned)), rows, surface, None, 0.0)
        yield perf_counter()
        steered = steer(in_force, fused, rows, pinned, slots)
        yield perf_counter()
        drawn = diversify(known, steered.fused, surface, slots, seed=1)
        yield perf_counter()
        drawn, _ = settle(steered, drawn, in_force, pinned)
        yield perf_counter()
        if len(ranked_items(drawn, "personal", frozenset())) != slots:
            raise RuntimeError("the slate is short: nothing can be told from this")
        yield perf_counter()

    return run


def _timed(run: Callable[[], Iterator[float]]) -> Iterator[float]:
    """Milliseconds of fusion, rules (before and after variety), variety, explanation."""
    start = perf_counter()
    fused, steered, varied, settled, explained = run()
    yield from (
        1000 * one for one in (fused - start, steered - fused + settled - varied, varied - steered, explained - settled)
    )


def _best(ids: Ids, pool: int, pinned: Pinned) -> Ids:
    """Places of the pool and of pinned products, as `service.candidates.gather` finds them."""
    return np.concatenate(
        [np.arange(min(pool, len(ids))), pool + np.flatnonzero(np.isin(ids[pool:], list(pinned.rows)))]
    )


def _hits(products: NDArray[np.int64], random: np.random.Generator) -> Hits:
    """A third of the candidates each, with scores as an engine gives them."""
    found = random.choice(products, len(products) // 3, replace=False)
    return Hits(found, np.sort(random.random(len(found)).astype(np.float32))[::-1])


def _row(product: int, random: np.random.Generator) -> ServingRow:
    return ServingRow(
        product, f"p{product}", "default", True, int(random.integers(1, 50)), float(random.integers(1, 200)), "EUR",
        0.0, 4.0, 10, _MADE, f"brand {product % 40}", f"Home > Room {product % 12} > Kind {product % 90}",
        [f"tag {product % 7}", f"tag {product % 11}"], {"colour": f"colour {product % 9}"},
    )  # fmt: skip


def _rules(count: int, products: NDArray[np.int64]) -> Iterator[Rule]:
    """Of ten rules eight boost or bury, one pins, one has a quota; conditions over all kinds of fields."""
    for number in range(count):
        condition = Filter(must=_conditions(number))
        if number % 10 == 8:
            yield Rule(f"r{number}", Pin(((number % 20 + 1, f"p{products[number * 3]}"),)))
        elif number % 10 == 9:
            yield Rule(f"r{number}", Quota(5.0, 60.0), condition=condition)
        else:
            yield Rule(f"r{number}", Boost(0.5 if number % 2 else -0.5), condition=condition)


def _conditions(number: int) -> tuple[Condition, ...]:
    kinds: tuple[tuple[Condition, ...], ...] = (
        (Match("brand", (f"brand {number % 40}",)),),
        (Match("category", (f"Home > Room {number % 12}",)), Range("price", lte=100.0)),
        (Match("tags", (f"tag {number % 7}", "tag 3")),),
        (Range("price", gte=20.0, lt=150.0), Match("in_stock", (True,))),
        (Match("attributes.colour", (f"colour {number % 9}",)),),
    )
    return kinds[number % len(kinds)]


def _pinned(in_force: Ruled, rows: dict[int, ServingRow]) -> Pinned:
    names = [
        name for rule in in_force.places if isinstance(rule.consequence, Pin) for _, name in rule.consequence.places
    ]
    ids = {name: int(name[1:]) for name in names}
    return Pinned(ids, {product: rows[product] for product in ids.values()}, {})


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, default=800)
    parser.add_argument("--slots", type=int, default=20)
    parser.add_argument("--rules", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--pool", type=int, help="as configured if left out")
    parser.add_argument("--space", default="text", help="of MMR: text, or another that the configuration allows")
    given = parser.parse_args()
    found = ranking_time(given.candidates, given.slots, given.rules, given.rounds, given.pool, given.space)
    sys.stdout.write(json.dumps(asdict(found), indent=2) + "\n")


if __name__ == "__main__":
    main()
