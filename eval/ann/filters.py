"""Filters on values that a collection really holds: those shoppers use, and some of a wanted selectivity."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from eval.ann.recall import Wanted
from service.core.filters import Condition, Filter, Match, Range, all_of
from service.core.types import DEFAULT_TENANT
from service.store.vectors import VectorStore

SELECTIVITY = (1.0, 0.1, 0.01, 0.001)
_FIELDS = ("category", "brand")
_VALUES = 2_000
_NEAR = 2.0  # a filter may pass twice or half the wanted share


def common_filters(store: VectorStore, collection: str) -> list[Wanted]:
    """Filters of real requests: what every request has, stock, prices, a large and a small category, a brand."""
    filters: dict[str, Filter | None] = {
        "none": None,
        "every request": all_of(Match("tenant", (DEFAULT_TENANT,)), Match("visible", (True,))),
        "in stock": all_of(Match("in_stock", (True,))),
    }
    if len(prices := _prices(store, collection)):
        filters["middle prices"] = _between(prices, 0.5)
    for field, places in (("category", (0, 20)), ("brand", (0,))):
        values = store.facet(collection, field, limit=50)
        for place in places:
            if place < len(values):
                condition: Condition = Match(field, (values[place][0],))
                filters[f"{field} = {values[place][0]}"] = all_of(condition)
    return [_counted(store, collection, name, wanted) for name, wanted in filters.items()]


def selective_filters(
    store: VectorStore, collection: str, shares: Sequence[float] = SELECTIVITY
) -> list[tuple[float, Wanted]]:
    """For each wanted share the filter that comes nearest to it; none where no filter comes within a factor of 2."""
    total = store.count(collection)
    prices = _prices(store, collection)
    values = [_with(store, collection, field, total) for field in _FIELDS] if total else []
    found = []
    for share in shares:
        candidates = [Wanted("none", None, 1.0)] if share == 1 else [each for some in values for each in some]
        if share < 1 and len(prices):
            candidates.append(_counted(store, collection, f"{share:.1%} of the prices", _between(prices, share)))
        near = [each for each in candidates if each.matching and _far(each, share) <= math.log(_NEAR)]
        if near:
            found.append((share, min(near, key=lambda each: _far(each, share))))
    return found


def _far(wanted: Wanted, share: float) -> float:
    return abs(math.log(wanted.matching / share))


def _with(store: VectorStore, collection: str, field: str, total: int) -> list[Wanted]:
    values = store.facet(collection, field, limit=_VALUES)
    return [Wanted(f"{field} = {value}", all_of(Match(field, (value,))), count / total) for value, count in values]


def _between(prices: "np.ndarray[tuple[int], np.dtype[np.float64]]", share: float) -> Filter | None:
    """A band in the middle of the prices."""
    low, high = np.quantile(prices, [0.5 - share / 2, 0.5 + share / 2], method="nearest")
    return all_of(Range("price", gte=float(low), lte=float(high)))


def _prices(store: VectorStore, collection: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    def known() -> Iterator[float]:
        for record in store.scroll(collection, payload=("price",)):
            if (price := record.payload.get("price")) is not None:
                yield float(price)

    return np.fromiter(known(), np.float64)


def _counted(store: VectorStore, collection: str, name: str, wanted: Filter | None) -> Wanted:
    return Wanted(name, wanted, store.count(collection, wanted) / max(store.count(collection), 1))
