"""Keep the newest product of some users out of training, to see how high a release places it."""

from dataclasses import dataclass

import numpy as np

from config.training import Checks
from indexer.train.data import TrainingData
from indexer.train.matrix import Csr, csr
from service.core.types import Ids

_MIN_PRODUCTS = 3  # one is held out; from fewer than two others nothing can be foreseen
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio: Knuth's multiplicative hashing


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """T users whose newest product was kept out.

    Attributes
    ----------
    targets : int64[T], internal key of that product. products : int64[P], internal keys of the columns.
    history : csr[T, P], what the user met before, weight x recency.
    seen : csr[T, P], whatever else the user dealt with: not to be recommended.
    """

    targets: Ids
    products: Ids
    history: Csr
    seen: Csr

    def __len__(self) -> int:
        return len(self.targets)


def split_tail(data: TrainingData, users: Ids, products: Ids, checks: Checks) -> tuple[TrainingData, Tail]:
    """The interactions to train on, and the tail that was taken out.

    The product held out is the one a user met last for the first time, with all that user did with it; who is chosen
    depends on the user's key alone. So a release trained earlier never saw these interactions either: it held out the
    same ones, or they had not happened yet.
    """
    rows = _last_first_met(data)
    rows = rows[_chosen(users[data.users[rows]], checks)]
    target_of = np.full(data.n_users, -1, np.int64)
    target_of[data.users[rows]] = data.items[rows]
    rest = data.take(data.items != target_of[data.users])
    shape = (len(rows), len(products))
    place = np.full(data.n_users, -1, np.int64)
    place[data.users[rows]] = np.arange(len(rows))
    theirs = rest.take(place[rest.users] >= 0)
    history = csr(place[theirs.users], theirs.items, _recency(theirs, checks) * theirs.weights, shape)
    seen = csr(place[theirs.users], theirs.items, np.ones(len(theirs)), shape)
    return rest, Tail(products[data.items[rows]], products, history, seen)


def _last_first_met(data: TrainingData) -> Ids:
    """Per user with enough products, the row in which the last new one was met; it must have been liked."""
    liked = np.flatnonzero(data.weights > 0)
    pairs = data.users[liked].astype(np.int64) * data.n_items + data.items[liked]
    first = np.sort(liked[np.unique(pairs, return_index=True)[1]])  # rows are sorted by user and time
    users, counts = np.unique(data.users[first], return_counts=True)
    ends = np.cumsum(counts) - 1
    return first[ends[counts >= _MIN_PRODUCTS]] if len(users) else first


def _chosen(users: Ids, checks: Checks) -> Ids:
    """Places of the users held out: a share of them, the same in every training."""
    draw = (users.astype(np.uint64) * _ODD) >> np.uint64(11)
    share = draw.astype(np.float64) / 2.0**53
    within = np.flatnonzero(share < checks.held_out_share)
    return np.sort(within[np.argsort(share[within], kind="stable")[: checks.held_out_users]])


def _recency(data: TrainingData, checks: Checks) -> np.ndarray:
    """Weight by how many newer interactions the user has, float64[N]; 0 beyond the newest ones looked at."""
    place = np.searchsorted(data.users, data.users, side="right") - np.arange(len(data)) - 1
    return np.where(place < checks.history, 0.5 ** (place / checks.half_life_products), 0.0)
