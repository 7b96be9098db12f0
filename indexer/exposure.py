"""Count what was shown and clicked lately, aged, for the bandit."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.params import PopularParams
from service.core.types import Ids
from service.store.database import Database
from service.store.impressions import read_clicks, read_slots

_DAY_S = 86_400
_PRIOR_VIEWS = 50.0  # a category's click rate is the shop's until it was shown about so often

Counts = NDArray[np.float64]


def count_exposure(
    database: Database, tenant: str, ids: Ids, categories: Sequence[str | None], params: PopularParams, now: datetime
) -> dict[str, Any] | None:
    """What `service.core.exposure.Exposure` holds, of the products `ids` int64[P]; None where nothing was shown.

    A slot counts ``1 / log2(1 + position)``, which is about how often it is looked at (Jarvelin & Kekalainen 2002);
    clicks are those that name the request. Both halve every ``exposure_half_life_days``.

    Parameters
    ----------
    ids : ascending. categories : P paths, None for no category.
    """
    since = now - timedelta(days=params.window_days)
    shown = np.zeros(len(ids))
    for at, products in read_slots(database, tenant, since):
        looked_at = _age(now, at, params) / np.log2(np.arange(len(products)) + 2)
        _add(shown, ids, np.array(products, np.int64), looked_at)
    if not shown.any():
        return None
    clicked = np.zeros(len(ids))
    for at, product in read_clicks(database, tenant, since):
        _add(clicked, ids, np.array([product]), np.array([_age(now, at, params)]))
    rate, prior = _rates(shown, clicked, categories)
    seen = np.flatnonzero(shown)
    columns = {"ids": ids[seen].tolist(), "shown": _short(shown[seen]), "clicked": _short(clicked[seen])}
    return columns | {"prior": _short(prior[seen]), "rate": rate}


def _age(now: datetime, at: datetime, params: PopularParams) -> float:
    days = max(0.0, (now - at).total_seconds() / _DAY_S)
    return float(0.5 ** (days / params.exposure_half_life_days))


def _add(counts: Counts, ids: Ids, products: Ids, weights: Counts) -> None:
    """Add to the counts of those that still exist."""
    if len(ids):
        places = np.minimum(np.searchsorted(ids, products), len(ids) - 1)
        is_known = ids[places] == products
        np.add.at(counts, places[is_known], weights[is_known])


def _rates(shown: Counts, clicked: Counts, categories: Sequence[str | None]) -> tuple[float, Counts]:
    """The shop's click rate, and each product's category's, which leans on the shop's while little is known of it."""
    rate = min(1.0, float(clicked.sum() / shown.sum()))
    names, group = np.unique([path or "" for path in categories], return_inverse=True)
    views = np.bincount(group, shown, minlength=len(names))
    clicks = np.minimum(np.bincount(group, clicked, minlength=len(names)), views)
    return rate, ((clicks + _PRIOR_VIEWS * rate) / (views + _PRIOR_VIEWS))[group]


def _short(values: Counts) -> list[float]:
    return [float(f"{value:.6g}") for value in values.tolist()]
