"""The metrics of `eval.relevance` for many users at once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eval.relevance import METRICS
from indexer.train.matrix import Csr
from service.core.errors import InvalidQuery
from service.core.types import Ids

Values = NDArray[np.float64]


def metric_names(cutoffs: Sequence[int]) -> list[str]:
    """``ndcg@5``, … for every metric and cut-off.

    Examples
    --------
    >>> metric_names([10])[:2]
    ['ndcg@10', 'hit@10']
    """
    order = ("ndcg", "hit", "recall", "mrr", "map", "precision")
    return [f"{metric}@{k}" for k in cutoffs for metric in order if metric in METRICS]


def hits(lists: Ids, relevant: Csr) -> NDArray[np.bool_]:
    """Which slots hold a relevant product, bool[U, N].

    Parameters
    ----------
    lists : int64[U, N], places of products, -1 for an empty slot. relevant : csr[U, P].
    """
    size = relevant.shape[1]
    rows = np.arange(len(lists))[:, None] * size
    entries = np.repeat(np.arange(len(lists)), np.diff(relevant.indptr)) * size + relevant.indices
    return (lists >= 0) & np.isin(lists + rows, entries)


def per_user(found: NDArray[np.bool_], relevant: Ids, names: Sequence[str]) -> Values:
    """The values of metrics named like ``ndcg@10``, float64[U, M]; equal to those of `eval.relevance`.

    Parameters
    ----------
    found : bool[U, N], see `hits`. relevant : int64[U], how many products are relevant, >= 1.

    Raises
    ------
    InvalidQuery : a user has no relevant product.

    Examples
    --------
    >>> per_user(np.array([[False, True]]), np.array([1]), ["hit@1", "mrr@2"]).tolist()
    [[0.0, 0.5]]
    """
    if len(relevant) and relevant.min() < 1:
        raise InvalidQuery("users without a relevant product cannot be judged; leave them out", code="nothing_relevant")
    columns = []
    for name in names:
        metric, _, cutoff = name.partition("@")
        columns.append(_metric(metric, found[:, : int(cutoff)], relevant, int(cutoff)))
    return np.stack(columns, axis=1)


def _metric(metric: str, found: NDArray[np.bool_], relevant: Ids, k: int) -> Values:
    ranks = np.arange(1, found.shape[1] + 1)
    reachable = np.minimum(relevant, k)
    if metric in ("mrr", "map"):
        ranked: Values = found / ranks if metric == "mrr" else found * found.cumsum(1) / ranks
        return np.asarray(ranked.max(1, initial=0.0) if metric == "mrr" else ranked.sum(1) / reachable)
    if metric == "ndcg":
        discounts: Values = 1 / np.log2(np.arange(1, k + 1) + 1)
        return np.asarray((found * discounts[: len(ranks)]).sum(1) / np.cumsum(discounts)[reachable - 1])
    count: Values = found.sum(1).astype(np.float64)
    return {"hit": np.minimum(count, 1.0), "recall": count / relevant, "precision": count / k}[metric]
