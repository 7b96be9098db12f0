"""What each shelf of a page chooses from: the visitor's own past, or the popular lists of the shop."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from config.surface import ShelfName
from service.context import Services
from service.core.behaviour import History, distinct
from service.core.event_weights import event_weights
from service.core.popular import Popular, TopList
from service.core.types import EventType
from service.ranking.taste import recent_products
from service.store.payload import ancestors

_LOOKED_AT = (EventType.VIEW, EventType.CLICK, EventType.CART, EventType.WISHLIST)
_TASTE = 20  # newest products that tell which categories are somebody's own


@dataclass(frozen=True, slots=True, eq=False)
class ShelfList:
    """Products for one shelf.

    Attributes
    ----------
    source, level : what every item says of itself. top : best first, more than the shelf shows.
    why_empty : said when it has none. again : products the visitor had already are welcome.
    """

    source: str
    level: str
    top: TopList
    why_empty: str
    again: bool = False
    category: str | None = None


def shelf_lists(
    services: Services, tenant: str, past: History, preferences: Mapping[str, Any] | None, name: ShelfName
) -> list[ShelfList]:
    """The lists behind the shelves of this name: one, or one per category; not of ``for_you``, which is a feed."""
    own = "personal" if past.user_id is not None else "session"
    if name == "recently_viewed":
        return [ShelfList("viewed", own, _viewed(past), "nothing was looked at yet", again=True)]
    if name == "buy_again":
        return [ShelfList("bought", own, _bought(past), "nothing was bought yet", again=True)]
    popular = services.popular(tenant)
    if popular is None:
        return [ShelfList(name, "global", _NOTHING, "the popular lists have not been counted yet")]
    if name == "top_categories":
        categories = _categories(services, tenant, past, preferences, popular)[: services.params.page.top_categories]
        return [
            ShelfList("trending", "category", popular.by_category[path], "nothing trends in it", category=path)
            for path in categories
        ]
    top = {"trending": popular.trending, "best_value": popular.best_value, "new_arrivals": popular.newest}[name]
    return [ShelfList(name, "global", top, "there is nothing of the kind in the shop")]


_NOTHING = TopList(np.empty(0, np.int64), np.empty(0, np.float32))


def _viewed(past: History) -> TopList:
    """Newest first."""
    ids = distinct(past.with_types(_LOOKED_AT))
    return TopList(ids, (1 / np.arange(1, len(ids) + 1)).astype(np.float32))


def _bought(past: History) -> TopList:
    """What was bought most often first; the newest of those bought equally often."""
    bought = past.with_types([EventType.PURCHASE])
    ids = distinct(bought)
    times = np.array([(bought == product).sum() for product in ids.tolist()], np.float32)
    order = np.argsort(-times, kind="stable")
    return TopList(ids[order], times[order])


def _categories(
    services: Services, tenant: str, past: History, preferences: Mapping[str, Any] | None, popular: Popular
) -> list[str]:
    """The visitor's own categories, then those told on arrival, then those of the shop; all of them trend."""
    own = _taste(services, tenant, past, popular) if len(past.products) else []
    told = [path for path in (preferences or {}).get("categories", ()) if path in popular.by_category]
    return list(dict.fromkeys([*own, *told, *popular.categories]))


def _taste(services: Services, tenant: str, past: History, popular: Popular) -> list[str]:
    taste = services.params.events.taste()
    weights = event_weights(past.types, past.values, past.at, services.now(), taste)
    products, opinions = recent_products(past.products, weights, past.hidden, limit=_TASTE)
    rows = services.database.products(tenant, products.tolist())
    totals: dict[str, float] = {}
    for product, opinion in zip(products.tolist(), opinions.tolist(), strict=True):
        paths = ancestors(rows[product].row.category_path) if product in rows and opinion > 0 else []
        # the narrowest that trends: a mug says mugs, and kitchen only where nobody looks at mugs
        if path := next((path for path in reversed(paths) if path in popular.by_category), None):
            totals[path] = totals.get(path, 0.0) + opinion
    return sorted(totals, key=lambda path: -totals[path])
