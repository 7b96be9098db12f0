"""How high a release places the products that were kept out of training."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from config.training import Checks
from indexer.release.model import Model, signal_scores
from indexer.release.tail import Tail
from indexer.train.matrix import Csr, csr
from service.core.intervals import Verdict
from service.core.intervals import compare as paired

N = 10
FUSED = "fused"
_IN_FUSED = ("cf", "covisit", "sequence")
_BLOCK_CELLS = 2_000_000  # scores held at once per signal

Ranks = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The new release beside the live one, on the same users.

    Attributes
    ----------
    ndcg, live_ndcg : NDCG@10 of all signals together. low, high : 95 % interval of the difference.
    verdict : see `service.core.intervals.verdict`. is_worse : by more than the tolerance, by the same verdict.
    """

    users: int
    ndcg: float
    live_ndcg: float
    low: float
    high: float
    verdict: str
    is_worse: bool


def tail_ranks(model: Model, tail: Tail) -> dict[str, Ranks]:
    """Rank of each held-out product among all products the user had not met, signal (or ``fused``) -> float64[T].

    1 is the first; infinite where the release does not know the product. Equal scores share the middle of their ranks.
    """
    history, seen = (_columns_of(model, tail, part) for part in (tail.history, tail.seen))
    place = np.searchsorted(model.products, tail.targets)
    place[place == len(model.products)] = 0
    is_known = model.products[place] == tail.targets
    blocks = []
    for part in _blocks(tail, len(model.products)):
        scores = signal_scores(model, history[part])
        is_seen = seen[part].toarray() > 0
        scores[FUSED] = np.sum([_standardised(scores[name], is_seen) for name in _IN_FUSED], axis=0)
        blocks.append({name: _rank(values, place[part], is_seen) for name, values in scores.items()})
    if not blocks:
        return {name: np.empty(0) for name in ("cf", *model.weights, FUSED)}
    return {name: np.where(is_known, np.concatenate([b[name] for b in blocks]), np.inf) for name in blocks[0]}


def popular_ranks(popularity: NDArray[np.float64], tail: Tail) -> Ranks:
    """The same for the order of popularity, float64[P] over the tail's columns."""
    place = np.searchsorted(tail.products, tail.targets)
    ranks = []
    for part in _blocks(tail, len(popularity)):
        is_seen = tail.seen[part].toarray() > 0
        ranks.append(_rank(np.broadcast_to(popularity, is_seen.shape), place[part], is_seen))
    return np.concatenate(ranks) if ranks else np.empty(0)


def ndcg(ranks: Ranks) -> Ranks:
    """NDCG@10 of each user with one relevant product: ``1 / log2(rank + 1)``.

    Examples
    --------
    >>> ndcg(np.array([1.0, 3.0, 11.0])).tolist()
    [1.0, 0.5, 0.0]
    """
    return np.where(ranks <= N, 1 / np.log2(ranks + 1), 0.0)


def figures(ranks: Mapping[str, Ranks]) -> dict[str, dict[str, float]]:
    """NDCG@10 and hit rate@10 of each signal.

    Examples
    --------
    >>> figures({"cf": np.array([1.0, 20.0])})
    {'cf': {'ndcg_10': 0.5, 'hit_rate_10': 0.5}}
    """
    return {
        name: {"ndcg_10": round(float(ndcg(found).mean()), 4), "hit_rate_10": round(float((found <= N).mean()), 4)}
        for name, found in ranks.items()
        if len(found)
    }


def compare(new: Ranks, live: Ranks, checks: Checks) -> Comparison:
    """Whether the new release loses more than it may, for sure and not by the luck of a small sample.

    Examples
    --------
    >>> from config.params import load_params
    >>> first, sixth = np.full(100, 1.0), np.full(100, 6.0)
    >>> compare(sixth, first, load_params().training.checks).is_worse
    True
    """
    if not len(new):
        return Comparison(0, 0.0, 0.0, 0.0, 0.0, Verdict.UNDERPOWERED, is_worse=False)
    ours, theirs = ndcg(new), ndcg(live)
    told, allowed = paired(theirs, ours), paired((1 - checks.tolerance) * theirs, ours)
    is_worse = len(new) >= checks.compare_users and allowed.verdict is Verdict.WORSE
    mean, live_mean, low, high = (
        round(value, 4) if isfinite(value) else 0.0 for value in (told.b, told.a, told.low, told.high)
    )
    return Comparison(len(new), mean, live_mean, low, high, told.verdict, is_worse)


def _blocks(tail: Tail, products: int) -> Iterator[slice]:
    """The tail in parts whose scores fit into memory."""
    size = max(1, _BLOCK_CELLS // max(products, 1))
    return (slice(start, start + size) for start in range(0, len(tail), size))


def _columns_of(model: Model, tail: Tail, matrix: Csr) -> Csr:
    """The columns of a tail's matrix that the model knows, in the model's order, csr[T, K]."""
    entries = matrix.tocoo()
    place = np.searchsorted(model.products, tail.products)
    place[place == len(model.products)] = 0
    is_known = (model.products[place] == tail.products)[entries.col]
    columns = place[entries.col[is_known]]
    return csr(entries.row[is_known], columns, entries.data[is_known], (len(tail), len(model.products)))


def _standardised(scores: NDArray[np.float32], is_seen: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Scores of unseen products in standard deviations from their mean; all 0 where a signal says nothing."""
    masked = np.ma.masked_array(scores, is_seen)
    spread = masked.std(axis=1).filled(0)[:, None]
    centred = scores - masked.mean(axis=1).filled(0)[:, None]
    return np.asarray(np.where(spread > 0, centred / np.where(spread > 0, spread, 1), 0), np.float32)


def _rank(scores: NDArray[np.floating], place: NDArray[np.int64], is_seen: NDArray[np.bool_]) -> Ranks:
    rows = np.arange(len(place))
    target = scores[rows, place][:, None]
    rivals = ~is_seen
    rivals[rows, place] = False
    above = ((scores > target) & rivals).sum(axis=1)
    equal = ((scores == target) & rivals).sum(axis=1)
    return np.asarray(1 + above + equal / 2, np.float64)
