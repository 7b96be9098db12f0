"""Groups of users and of products, so that a mean hides nobody.

Users, by the products they had met when they were asked:

* cold: fewer than 5
* heavy: not cold, and among the fifth of the asked users who had met most
* warm: all others

Products, by what training had seen of them; the relevant set is cut to the group, the ranking is not:

* head: the fifth of the products met by most users; tail: all others
* new: first seen in the newest tenth of training's time, or never; old: all others
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eval.offline.judged import hits, per_user
from service.core.intervals import bootstrap
from service.core.types import Ids

if TYPE_CHECKING:
    from eval.offline.asked import Asked
    from eval.offline.rows import Row

COLD_BELOW = 5
HEAVY_SHARE = HEAD_SHARE = 0.2
NEW_SHARE = 0.1
MEASURED = ("ndcg@10", "recall@10")
_RESAMPLES = 1000

Mask = NDArray[np.bool_]


def user_groups(met: Ids) -> dict[str, Mask]:
    """Which users are cold, warm and heavy, bool[U] each.

    Parameters
    ----------
    met : int64[U], products each had met.

    Examples
    --------
    >>> {name: int(mask.sum()) for name, mask in user_groups(np.arange(20)).items()}
    {'cold': 5, 'warm': 11, 'heavy': 4}
    """
    cold = met < COLD_BELOW
    heavy = ~cold & (met > np.quantile(met, 1 - HEAVY_SHARE, method="lower"))
    return {"cold": cold, "warm": ~cold & ~heavy, "heavy": heavy}


def product_groups(asked: "Asked") -> dict[str, Mask]:
    """Which products are new, old, head and tail, bool[P] each."""
    head = np.zeros(len(asked.products), dtype=bool)
    head[np.argsort(-asked.known_by, kind="stable")[: int(len(head) * HEAD_SHARE)]] = True
    head &= asked.known_by > 0
    new = asked.first_seen > asked.trained_until - NEW_SHARE * (asked.trained_until - asked.trained_since)
    return {"new": new, "old": ~new, "head": head, "tail": ~head}


def slices(rows: Mapping[str, "Row"], asked: "Asked") -> dict[str, dict[str, Any]]:
    """NDCG@10 and recall@10 of every row in every group, with intervals and numbers of users.

    Returns
    -------
    dict : ``{"users": {group: {row: values}}, "products": {…}}`` with values ``{"users", "ndcg@10": …,
        "recall@10": …, "intervals": {metric: [low, high]}}``; a row without users in a group has ``{"users": 0}``.
    """
    everything = np.ones(len(asked.products), dtype=bool)
    people = user_groups(np.diff(asked.known.indptr))
    things = product_groups(asked)
    return {
        "users": {
            group: {name: _cell(row, asked, mask, everything) for name, row in rows.items()}
            for group, mask in people.items()
        },
        "products": {
            group: {name: _cell(row, asked, np.ones(len(asked.users), bool), mask) for name, row in rows.items()}
            for group, mask in things.items()
        },
    }


def _cell(row: "Row", asked: "Asked", users: Mask, products: Mask) -> dict[str, Any]:
    chosen = users[row.users]
    relevant = asked.relevant[row.users[chosen]].multiply(products[None, :]).tocsr()
    relevant.eliminate_zeros()
    counts = np.diff(relevant.indptr)
    asked_for = counts > 0
    if not asked_for.any():
        return {"users": 0}
    found = hits(row.lists[chosen][asked_for], relevant[asked_for])
    return {"users": int(asked_for.sum()), **summary(per_user(found, counts[asked_for], MEASURED), MEASURED)}


def summary(values: NDArray[np.float64], names: Sequence[str], resamples: int = _RESAMPLES) -> dict[str, Any]:
    """Means of columns float64[U, M] by name, and ``intervals``: [low, high], None where there is none."""
    found = dict(zip(names, bootstrap(values, resamples=resamples), strict=True))
    return {name: round(interval.mean, 5) for name, interval in found.items()} | {
        "intervals": {
            name: None if np.isnan(interval.low) else [round(interval.low, 5), round(interval.high, 5)]
            for name, interval in found.items()
        }
    }
