"""Metrics of many users at once equal those of one list."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.offline.judged import hits, metric_names, per_user
from eval.relevance import METRICS
from indexer.train.matrix import csr
from service.core.errors import InvalidQuery

P, N = 12, 6
USERS = st.lists(
    st.tuples(
        st.lists(st.integers(0, P - 1), unique=True, max_size=N), st.sets(st.integers(0, P - 1), min_size=1, max_size=8)
    ),
    min_size=1,
    max_size=6,
)


@given(USERS)
def test_all_metrics_at_all_cutoffs(users: list[tuple[list[int], set[int]]]) -> None:
    lists = np.array([ranked + [-1] * (N - len(ranked)) for ranked, _ in users])
    pairs = np.array([(row, place) for row, (_, wanted) in enumerate(users) for place in wanted])
    relevant = csr(pairs[:, 0], pairs[:, 1], np.ones(len(pairs)), (len(users), P))
    names = metric_names([1, 3, 6, 10])
    assert {name.partition("@")[0] for name in names} == set(METRICS)
    values = per_user(hits(lists, relevant), np.diff(relevant.indptr), names)
    for row, (ranked, wanted) in enumerate(users):
        for name, value in zip(names, values[row], strict=True):
            metric, _, k = name.partition("@")
            one = METRICS[metric]([str(place) for place in ranked], {str(place) for place in wanted}, int(k))
            assert value == pytest.approx(one), name


def test_a_user_with_nothing_to_find_cannot_be_judged() -> None:
    with pytest.raises(InvalidQuery, match="without a relevant product"):
        per_user(np.array([[False]]), np.array([0]), ["ndcg@1"])
