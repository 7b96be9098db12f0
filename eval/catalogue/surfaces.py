"""The lists that shoppers get, asked of the real pipeline."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from service.context import Request, Services
from service.core.popular import Popular
from service.core.types import Ids
from service.pipeline import recommend

Advance = Callable[[float], None]


def similar_lists(
    services: Services, tenant: str, anchors: Sequence[str], places: Mapping[int, int], k: int, advance: Advance
) -> Ids:
    """The top k of `similar` of each anchor, int64[L, k]: places of products, -1 for an empty slot."""
    requests = (Request("similar", f"catalogue:{anchor}", tenant, product=anchor, n=k) for anchor in anchors)
    return _ask(services, requests, len(anchors), places, k, advance)


def home_lists(
    services: Services, tenant: str, users: Sequence[str], places: Mapping[int, int], k: int, advance: Advance
) -> Ids:
    """The top k of each user's home feed, int64[L, k]: places of products, -1 for an empty slot."""
    requests = (Request("home", f"catalogue:{user}", tenant, user=user, n=k) for user in users)
    return _ask(services, requests, len(users), places, k, advance)


def popular_lists(popular: Popular, places: Mapping[int, int], k: int) -> Ids:
    """The top k of what trends overall and per category, of best value and newest, int64[L, k]."""
    tops = [popular.trending, *popular.by_category.values(), popular.best_value, popular.newest]
    lists = np.full((len(tops), k), -1, np.int64)
    for row, top in zip(lists, tops, strict=True):
        _fill(row, top.ids.tolist(), places)
    return lists


def _ask(
    services: Services, requests: Iterable[Request], total: int, places: Mapping[int, int], k: int, advance: Advance
) -> Ids:
    lists = np.full((total, k), -1, np.int64)
    for row, request in zip(lists, requests, strict=True):
        _fill(row, [item.product_id for item in recommend(services, request).items], places)
        advance(1)
    return lists


def _fill(row: Ids, ids: Sequence[int], places: Mapping[int, int]) -> None:
    # a popular list of a while ago may name products that are sold out by now
    found = [places[key] for key in ids if key in places][: len(row)]
    row[: len(found)] = found
