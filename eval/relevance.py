"""How good one ranked list is, given the products known to be relevant.

Every function takes `ranked`, ids best first without duplicates, and `relevant`, a non-empty set of ids; each is
undefined without a relevant product, so callers leave such queries out. All values lie in [0, 1].
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from math import log2


def hit(ranked: Sequence[str], relevant: AbstractSet[str], k: int) -> float:
    """1 if any of the first k is relevant, else 0.

    Examples
    --------
    >>> hit(["a", "b", "c"], {"c"}, 2), hit(["a", "b", "c"], {"c"}, 3)
    (0.0, 1.0)
    """
    return float(any(product in relevant for product in ranked[:k]))


def recall(ranked: Sequence[str], relevant: AbstractSet[str], k: int) -> float:
    """Share of the relevant products among the first k: ``|top_k & relevant| / |relevant|``.

    Examples
    --------
    >>> recall(["a", "b"], {"b", "c"}, 2)
    0.5
    """
    return sum(product in relevant for product in ranked[:k]) / len(relevant)


def precision(ranked: Sequence[str], relevant: AbstractSet[str], k: int) -> float:
    """Share of the first k that is relevant: ``|top_k & relevant| / k``; missing slots count as misses.

    Examples
    --------
    >>> precision(["a", "b"], {"b", "c"}, 4)
    0.25
    """
    return sum(product in relevant for product in ranked[:k]) / k


def mrr(ranked: Sequence[str], relevant: AbstractSet[str], k: int) -> float:
    """Reciprocal rank of the first relevant product, 0 if there is none among the first k (Voorhees 1999, TREC-8).

    Examples
    --------
    >>> mrr(["a", "b"], {"b"}, 10)
    0.5
    """
    return next((1 / rank for rank, product in enumerate(ranked[:k], 1) if product in relevant), 0.0)


def ndcg(ranked: Sequence[str], relevant: AbstractSet[str], k: int) -> float:
    """Discounted gain ``sum 1 / log2(rank + 1)`` of the relevant ones over that of the ideal order.

    Binary gains (Jarvelin & Kekalainen 2002, doi:10.1145/582415.582418).

    Examples
    --------
    >>> ndcg(["a", "b"], {"a"}, 10), round(ndcg(["a", "b"], {"b"}, 10), 4)  # 1 / log2(3)
    (1.0, 0.6309)
    """
    gain = sum(1 / log2(rank + 1) for rank, product in enumerate(ranked[:k], 1) if product in relevant)
    ideal = sum(1 / log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    return gain / ideal


def average_precision(ranked: Sequence[str], relevant: AbstractSet[str], k: int) -> float:
    """Precision at the rank of each relevant product, over as many as could be found: 1 for the ideal order.

    ``sum over relevant ranks r <= k of precision@r / min(k, |relevant|)``; its mean over queries is MAP@k
    (Buckley & Voorhees 2000, doi:10.1145/345508.345543; cut at k as in the Kaggle competitions, where trec_eval
    divides by |relevant|).

    Examples
    --------
    >>> average_precision(["a", "b", "c"], {"a", "c"}, 10)  # (1/1 + 2/3) / 2
    0.8333333333333333
    """
    found, total = 0, 0.0
    for rank, product in enumerate(ranked[:k], 1):
        if product in relevant:
            found += 1
            total += found / rank
    return total / min(k, len(relevant))


METRICS: dict[str, Callable[[Sequence[str], AbstractSet[str], int], float]] = {
    "hit": hit,
    "recall": recall,
    "precision": precision,
    "mrr": mrr,
    "ndcg": ndcg,
    "map": average_precision,
}


def mean_metrics(
    rankings: Sequence[Sequence[str]], relevant: Sequence[AbstractSet[str]], wanted: Sequence[str]
) -> dict[str, float]:
    """Mean over queries of metrics named like ``ndcg@10``.

    Examples
    --------
    >>> mean_metrics([["a"], ["b"]], [{"a"}, {"a"}], ["hit@1"])
    {'hit@1': 0.5}
    """
    means = {}
    for name in wanted:
        metric, _, cutoff = name.partition("@")
        values = [METRICS[metric](r, known, int(cutoff)) for r, known in zip(rankings, relevant, strict=True)]
        means[name] = sum(values) / len(values)
    return means
