"""Ninety days of the demo shop, as events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import numpy as np
from numpy.typing import NDArray

from indexer.demo.catalogue import REFERENCE
from indexer.demo.events import SEARCH, DemoEvents
from indexer.demo.look import DemoProduct
from indexer.demo.market import NEVER, open_market
from indexer.demo.minds import read_minds
from indexer.demo.queries import search_query
from indexer.demo.sessions import Log, live_day, new_memory
from indexer.demo.shoppers import DAYS
from indexer.demo.taste import DemoShopper, product_features

ANONYMOUS_SHARE = 0.18
_EVENTS_PER_VISIT = 4.6
_DAY_MS = 86_400_000
# Visits per hour of the day (UTC) and per weekday (Monday first), relative: chosen, not measured.
_HOURS = (2, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 8, 9, 9, 8, 8, 9, 10, 12, 14, 16, 15, 10, 5)
_WEEKDAYS = (1.0, 0.95, 0.95, 1.0, 1.0, 1.15, 1.3)


def demo_events(
    products: Sequence[DemoProduct],
    shoppers: Sequence[DemoShopper],
    seed: int = 7,
    *,
    days: int = DAYS,
    count: int = 60_000,
    end: datetime = REFERENCE,
) -> DemoEvents:
    """Let the shoppers live in the shop for a while.

    Parameters
    ----------
    days, end : the period [end - days, end); nobody comes before joining, nothing is seen before it was created.
    count : exactly so many events, >= 0.

    Raises
    ------
    ValueError : no shopper and product are there together on any day.
    """
    start = end - timedelta(days=days)
    visits = max(1, round(count / _EVENTS_PER_VISIT))
    while True:
        found = _simulate(products, shoppers, np.random.default_rng((seed, 2)), start, days, visits)
        if len(found.kind) >= count:
            return _finish(found, products, shoppers, seed, count)
        visits = visits * 5 // 4 + 10


@dataclass(frozen=True, slots=True, eq=False)
class _Raw:
    """Events int64[E] in no order, and who the visits were: shopper int64[V], is_known bool[V]."""

    visit: NDArray[np.int64]
    kind: NDArray[np.int64]
    product: NDArray[np.int64]
    at_ms: NDArray[np.int64]
    shopper: NDArray[np.int64]
    is_known: NDArray[np.bool_]


def _simulate(
    products: Sequence[DemoProduct],
    shoppers: Sequence[DemoShopper],
    rng: np.random.Generator,
    start: datetime,
    days: int,
    visits: int,
) -> _Raw:
    market = open_market(products, rng, start, days)
    minds, memory = read_minds(shoppers, product_features(products)), new_memory(len(shoppers))
    joined = np.array([(shopper.joined_at - start) / timedelta(days=1) for shopper in shoppers])
    activity = np.array([shopper.activity for shopper in shoppers])
    is_open = (market.type_lift > NEVER / 2).any(axis=1) & (joined.min() <= np.arange(days))
    blocks: list[NDArray[np.int64]] = []
    shopper, known = [np.empty(0, np.int64)], [np.empty(0, np.bool_)]
    number = 0
    for day, busy in enumerate(_visits_per_day(rng, start, is_open, visits)):
        if not busy:
            continue
        present = activity * (joined <= day)
        visitors = rng.choice(len(shoppers), busy, p=present / present.sum()).astype(np.int64)
        is_known = rng.random(busy) >= ANONYMOUS_SHARE
        log = live_day(rng, market, minds, memory, visitors, is_known, day, days)
        blocks.append(_day_block(log, number, _starts_ms(rng, start, day, busy), start + timedelta(days=days)))
        shopper.append(visitors)
        known.append(is_known)
        number += busy
    visit, kind, product, at_ms = np.concatenate(blocks, axis=1)
    return _Raw(visit, kind, product, at_ms, np.concatenate(shopper), np.concatenate(known))


def _visits_per_day(
    rng: np.random.Generator, start: datetime, is_open: NDArray[np.bool_], visits: int
) -> NDArray[np.int64]:
    """How many come on each day: more at weekends, slowly more over time, none while there is nothing to see."""
    days = np.arange(len(is_open))
    weekday = np.array([_WEEKDAYS[(start + timedelta(days=int(day))).weekday()] for day in days])
    weights = is_open * weekday * (1 + 0.3 * days / len(days)) * rng.lognormal(0.0, 0.08, len(days))
    if not weights.sum():
        raise ValueError("on no day is there both a product and a shopper; ask for more of them, or for more days")
    return rng.multinomial(visits, weights / weights.sum())


def _starts_ms(rng: np.random.Generator, start: datetime, day: int, busy: int) -> NDArray[np.int64]:
    """When each visit of a day begins: int64[V], milliseconds since 1970, more in the evening."""
    hours = (rng.choice(24, busy, p=np.array(_HOURS) / sum(_HOURS)) - start.hour) % 24
    midnight = round(start.timestamp() * 1000) + day * _DAY_MS
    return np.asarray(midnight + hours * 3_600_000 + rng.integers(3_600_000, size=busy), np.int64)


def _day_block(log: Log, number: int, starts_ms: NDArray[np.int64], end: datetime) -> NDArray[np.int64]:
    """The day's events as int64[4, E]: visit (from `number` on), kind, product, time; late visits are moved forward."""
    visit = np.concatenate([visits for visits, _, _, _ in log.blocks])
    kind = np.concatenate([np.full(len(visits), kind) for visits, kind, _, _ in log.blocks])
    product = np.concatenate([products for _, _, products, _ in log.blocks])
    after_ms = np.concatenate([np.rint(1000 * seconds) for _, _, _, seconds in log.blocks]).astype(np.int64)
    length = np.zeros(len(starts_ms), np.int64)
    np.maximum.at(length, visit, after_ms)
    begins = np.minimum(starts_ms, round(end.timestamp() * 1000) - 1 - length)
    return np.stack([visit + number, kind, product, begins[visit] + after_ms])


def _finish(
    raw: _Raw, products: Sequence[DemoProduct], shoppers: Sequence[DemoShopper], seed: int, count: int
) -> DemoEvents:
    """Cut to `count` events, order by time, number the sessions, word the searches."""
    kept = _cut(raw, np.random.default_rng((seed, 3)), count)
    order = kept[np.lexsort((raw.visit[kept], raw.at_ms[kept]))]
    visit, kind, product = raw.visit[order], raw.kind[order], raw.product[order]
    hidden = raw.shopper[visit]
    words = Random(f"{seed}/queries")
    return DemoEvents(
        at_ms=raw.at_ms[order],
        session=_by_first(visit).astype(np.int32),
        kind=kind.astype(np.int8),
        shopper=np.where(raw.is_known[visit], hidden, -1).astype(np.int32),
        hidden_shopper=hidden.astype(np.int32),
        product=product.astype(np.int32),
        queries=tuple(
            search_query(words, products[row].look) if what == SEARCH else None
            for what, row in zip(kind.tolist(), product.tolist(), strict=True)
        ),
        shopper_ids=tuple(shopper.external_id for shopper in shoppers),
        product_ids=tuple(item.product.external_id for item in products),
    )


def _cut(raw: _Raw, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Rows of `count` events: visits are left out at random, and the last one kept loses its end."""
    rank = rng.permutation(len(raw.shopper))[raw.visit]
    return np.lexsort((raw.at_ms, rank))[:count]


def _by_first(visit: NDArray[np.int64]) -> NDArray[np.int64]:
    """Visits renumbered 0, 1, 2 … in the order in which they appear."""
    _, first, inverse = np.unique(visit, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[inverse]
