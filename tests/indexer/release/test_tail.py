"""What is held out, and how its rank is counted."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.params import load_params
from config.training import Checks
from indexer.release.model import SLOTS, Model
from indexer.release.quality import compare, ndcg, popular_ranks, tail_ranks
from indexer.release.tail import Tail, split_tail
from indexer.train.data import TrainingData, training_data
from indexer.train.matrix import csr, from_dense

PRODUCTS = np.array([10, 20, 30, 40])


def checks(**changes: Any) -> Checks:
    return load_params().training.checks.model_copy(update={"held_out_share": 1.0, **changes})


def met(*rows: tuple[int, int, float]) -> TrainingData:
    """Interactions (user, product place, weight) in order of time."""
    users, items, weights = (np.array(column) for column in zip(*rows, strict=True))
    at = np.arange(len(rows), dtype=np.float64)
    return training_data(
        users, items, weights.astype(np.float32), at, np.zeros(len(rows), np.int64), n_users=9, n_items=4
    )


def test_the_product_met_last_for_the_first_time_is_held_out_with_all_that_was_done_with_it() -> None:
    data = met((1, 0, 1.0), (1, 1, 1.0), (1, 2, 1.0), (1, 2, 5.0), (1, 0, 1.0))
    rest, tail = split_tail(data, np.arange(9), PRODUCTS, checks(half_life_products=1.0))
    assert tail.targets.tolist() == [30]
    assert rest.items.tolist() == [0, 1, 0]
    assert tail.history.toarray().tolist() == [[1.25, 0.5, 0.0, 0.0]]  # newest 1, then 0.5, then 0.25
    assert (tail.seen.toarray() > 0).tolist() == [[True, True, False, False]]


def test_users_who_met_two_products_or_disliked_the_rest_teach_all_they_did() -> None:
    data = met((1, 0, 1.0), (1, 1, 1.0), (2, 0, 1.0), (2, 1, 1.0), (2, 2, -1.0))
    rest, tail = split_tail(data, np.arange(9), PRODUCTS, checks())
    assert (len(rest), len(tail)) == (5, 0)
    ranks = tail_ranks(model(np.eye(4)), tail)
    assert {name: len(found) for name, found in ranks.items()} == dict.fromkeys(("cf", *SLOTS, "fused"), 0)


def test_the_share_and_the_number_of_users_held_out_are_limited() -> None:
    data = met(*((user, item, 1.0) for user in range(9) for item in range(4)))
    keys = np.arange(1, 10)
    assert len(split_tail(data, keys, PRODUCTS, checks())[1]) == 9
    assert len(split_tail(data, keys, PRODUCTS, checks(held_out_users=2))[1]) == 2
    assert len(split_tail(data, keys, PRODUCTS, checks(held_out_share=0.0))[1]) == 0


rows = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 3), st.sampled_from([1.0, 3.0, -1.0])), min_size=2, max_size=60
)


@given(rows, st.integers(1, 59), st.sampled_from([0.3, 1.0]))
def test_an_earlier_training_never_saw_what_a_later_one_holds_out(
    events: list[tuple[int, int, float]], cut: int, share: float
) -> None:
    keys = np.arange(100, 109)
    both = checks(held_out_share=share)
    early = split_tail(met(*events[:cut]), keys, PRODUCTS, both)[0]
    late, tail = split_tail(met(*events), keys, PRODUCTS, both)
    whole = met(*events)
    gone = {(int(u), int(i)) for u, i in zip(whole.users, whole.items, strict=True)} - {
        (int(u), int(i)) for u, i in zip(late.users, late.items, strict=True)
    }
    assert len(gone) == len(tail)
    liked = early.take(early.weights > 0)
    assert not gone & {(int(u), int(i)) for u, i in zip(liked.users, liked.items, strict=True)}


def model(items: Any, products: np.ndarray = PRODUCTS, **weights: Any) -> Model:
    size = len(products)
    empty = from_dense(np.zeros((size, size)))
    vectors = np.asarray(items, np.float32)
    fold = np.eye(vectors.shape[1], dtype=np.float32)
    return Model(products, vectors, fold, False, {slot: weights.get(slot, empty) for slot in SLOTS})


def one_user(target: int, place: int) -> Tail:
    """Someone who met the product at `place`, and `target` next."""
    row = csr(np.array([0]), np.array([place]), np.ones(1), (1, 4))
    return Tail(np.array([target]), PRODUCTS, row, row)


def test_ranks_count_the_products_above_and_leave_out_the_seen() -> None:
    # the user's vector is that of product 0: scores are 9 (seen), 3, 2, 1
    found = tail_ranks(model([[3.0], [1.0], [2 / 3], [1 / 3]]), one_user(target=30, place=0))
    assert found["cf"].tolist() == [2.0]
    assert found["covisit"].tolist() == [2.0]  # says nothing: the middle of three equal ones


def test_sparse_weights_are_read_from_the_history_to_the_product() -> None:
    weights = csr(np.array([2, 3]), np.array([0, 0]), np.array([1.0, 2.0]), (4, 4))  # 0 leads to 3, less to 2
    found = tail_ranks(model(np.zeros((4, 1)), sequence=weights), one_user(target=40, place=0))
    assert (found["sequence"].tolist(), found["fused"].tolist()) == ([1.0], [1.0])


def test_a_release_that_does_not_know_the_product_misses_it() -> None:
    other = model([[1.0], [1.0]], products=np.array([10, 20]))
    assert tail_ranks(other, one_user(target=30, place=0))["cf"].tolist() == [np.inf]
    assert ndcg(np.array([np.inf])).tolist() == [0.0]


def test_popularity_ranks_by_count() -> None:
    assert popular_ranks(np.array([9.0, 1.0, 3.0, 2.0]), one_user(target=40, place=0)).tolist() == [2.0]


@pytest.mark.parametrize(
    ("new", "live", "users", "is_worse"),
    [
        (1.0, 1.0, 100, False),  # as good
        (2.0, 1.0, 100, True),  # NDCG .63 against 1
        (2.0, 1.0, 29, False),  # too few to tell
        (1.0, 5.0, 100, False),  # better
    ],
)
def test_only_a_clear_loss_counts(new: float, live: float, users: int, is_worse: bool) -> None:
    result = compare(np.full(users, new), np.full(users, live), checks(compare_users=30))
    assert result.is_worse is is_worse
    assert result.users == users


def test_a_loss_within_the_luck_of_the_draw_does_not_count() -> None:
    random = np.random.default_rng(2)
    new, live = random.integers(1, 20, 40).astype(float), random.integers(1, 20, 40).astype(float)
    assert not compare(new, live, checks(compare_users=30)).is_worse
