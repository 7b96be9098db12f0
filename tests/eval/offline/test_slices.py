"""Who is cold and what is new, on a handful of users and products."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.offline.rows import Row, negatives, sample_of
from eval.offline.slices import product_groups, slices, user_groups
from indexer.train.matrix import csr


@given(st.lists(st.integers(0, 30), min_size=1, max_size=50))
def test_every_user_is_in_one_group(met: list[int]) -> None:
    groups = np.array(list(user_groups(np.array(met)).values()))
    assert (groups.sum(0) == 1).all()


def matrix(rows: list[list[int]], products: int) -> object:
    pairs = np.array([(row, place) for row, places in enumerate(rows) for place in places], np.int64).reshape(-1, 2)
    return csr(pairs[:, 0], pairs[:, 1], np.ones(len(pairs)), (len(rows), products))


@pytest.fixture
def asked() -> SimpleNamespace:
    """Two users and ten products; product 0 is the most popular, product 9 came last, product 8 never."""
    return SimpleNamespace(
        users=("anna", "ben"),
        products=tuple("abcdefghij"),
        known=matrix([[0], [1, 2, 3, 4, 5]], 10),
        relevant=matrix([[9, 1], [0]], 10),
        known_by=np.array([9, 8, 1, 1, 1, 1, 1, 1, 0, 1]),
        first_seen=np.array([0, 0, 0, 0, 0, 0, 0, 50, np.inf, 95]),
        trained_since=0.0,
        trained_until=100.0,
    )


def test_heads_tails_and_newcomers(asked: SimpleNamespace) -> None:
    groups = {name: np.flatnonzero(mask).tolist() for name, mask in product_groups(asked).items()}
    assert groups["head"] == [0, 1]
    assert groups["new"] == [8, 9]
    assert len(groups["tail"]) == len(groups["old"]) == 8


def test_the_relevant_set_is_cut_to_the_group_and_the_ranking_is_not(asked: SimpleNamespace) -> None:
    rows = {"fused": Row(np.array([0, 1]), np.array([[2, 9, 1], [0, -1, -1]]))}
    found = slices(rows, asked)
    assert found["products"]["new"]["fused"]["users"] == 1  # only anna has a new one to find
    assert found["products"]["new"]["fused"]["ndcg@10"] == pytest.approx(1 / np.log2(3), abs=1e-5)  # still second
    assert found["users"]["cold"]["fused"] == {
        "users": 1,
        "ndcg@10": pytest.approx((1 / np.log2(3) + 1 / 2) / (1 + 1 / np.log2(3)), abs=1e-5),
        "recall@10": 1.0,
        "intervals": {"ndcg@10": None, "recall@10": None},
    }
    assert found["products"]["tail"]["fused"]["users"] == 1


def test_negatives_are_neither_met_nor_relevant_and_the_same_twice(asked: SimpleNamespace) -> None:
    drawn = negatives(asked, 3)
    assert set(drawn[0]) >= {1, 9}
    assert len(drawn[0]) == 5
    assert 0 not in drawn[0]
    assert all((drawn[row] == again).all() for row, again in negatives(asked, 3).items())
    assert len(negatives(asked, 99)[1]) == 5  # ten products without the five met: one relevant, four others


def test_the_same_users_are_sampled_in_every_run() -> None:
    assert sample_of(100, 10).tolist() == sample_of(100, 10).tolist()
    assert len(set(sample_of(100, 10).tolist())) == 10
