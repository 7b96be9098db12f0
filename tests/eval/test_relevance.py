"""Metrics equal naive double loops, and keep their laws."""

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score, precision_score, recall_score

from eval.relevance import METRICS, mean_metrics

PRODUCTS = st.integers(0, 20).map(str)
RANKINGS = st.lists(PRODUCTS, unique=True, max_size=15)
RELEVANT = st.sets(PRODUCTS, min_size=1, max_size=8)
CUTOFFS = st.integers(1, 20)


def naive(name: str, ranked: list[str], relevant: set[str], k: int) -> float:
    found = 0
    gain = 0.0
    first = 0.0
    for position in range(k):
        for wanted in relevant:
            if position < len(ranked) and ranked[position] == wanted:
                found += 1
                gain += 1 / log2(position + 2)
                first = first or 1 / (position + 1)
    precisions = sum(
        sum(other in relevant for other in ranked[: place + 1]) / (place + 1)
        for place, product in enumerate(ranked[:k])
        if product in relevant
    )
    ideal = sum(1 / log2(position + 2) for position in range(k) if position < len(relevant))
    return {
        "hit": 1.0 if found else 0.0,
        "recall": found / len(relevant),
        "precision": found / k,
        "mrr": first,
        "ndcg": gain / ideal,
        "map": precisions / min(k, len(relevant)),
    }[name]


@given(ranked=RANKINGS, relevant=RELEVANT, k=CUTOFFS)
@pytest.mark.parametrize("name", sorted(METRICS))
def test_a_metric_equals_its_naive_double_loop(name: str, ranked: list[str], relevant: set[str], k: int) -> None:
    assert METRICS[name](ranked, relevant, k) == pytest.approx(naive(name, ranked, relevant, k))


@given(ranked=RANKINGS, relevant=RELEVANT, k=CUTOFFS)
@pytest.mark.parametrize("name", sorted(METRICS))
def test_a_metric_lies_between_zero_and_one(name: str, ranked: list[str], relevant: set[str], k: int) -> None:
    assert 0 <= METRICS[name](ranked, relevant, k) <= 1


@given(relevant=RELEVANT, k=CUTOFFS)
@pytest.mark.parametrize("name", ["ndcg", "map"])
def test_the_ideal_order_is_worth_one(name: str, relevant: set[str], k: int) -> None:
    ranked = [*relevant, "none of them"]
    assert METRICS[name](ranked, relevant, k) == pytest.approx(1)


@given(ranked=st.permutations([str(number) for number in range(12)]), relevant=RELEVANT, k=CUTOFFS)
def test_scikit_learn_says_the_same(ranked: list[str], relevant: set[str], k: int) -> None:
    relevant &= set(ranked)
    if not relevant:
        return
    wanted = [[product in relevant for product in ranked]]
    scores = [[-place for place in range(len(ranked))]]
    assert METRICS["ndcg"](ranked, relevant, k) == pytest.approx(ndcg_score(wanted, scores, k=k))
    assert METRICS["map"](ranked, relevant, 12) == pytest.approx(average_precision_score(wanted[0], scores[0]))
    top = [place < k for place in range(len(ranked))]
    assert METRICS["recall"](ranked, relevant, k) == pytest.approx(recall_score(wanted[0], top))
    if k <= len(ranked):
        assert METRICS["precision"](ranked, relevant, k) == pytest.approx(precision_score(wanted[0], top))


@given(ranked=RANKINGS, relevant=RELEVANT, k=CUTOFFS)
def test_a_longer_list_never_finds_less(ranked: list[str], relevant: set[str], k: int) -> None:
    for name in ("hit", "recall", "mrr"):
        assert METRICS[name](ranked, relevant, k) <= METRICS[name](ranked, relevant, k + 1)


def test_means_are_over_queries() -> None:
    means = mean_metrics([["a", "b"], ["c", "a"]], [{"a"}, {"a"}], ["mrr@10", "hit@1"])
    assert means == {"mrr@10": (1 + 1 / 2) / 2, "hit@1": 0.5}
