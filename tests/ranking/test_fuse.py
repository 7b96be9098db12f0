"""Fusion: arithmetic a reader can check, and laws over any lists."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ranking.adjust import add_contributions
from service.ranking.fuse import ScoredList, reciprocal_rank, weighted_sum
from service.ranking.normalize import minmax

SIGNALS = ("lexical", "text", "image", "cf")


def scored(**scores_by_id: float) -> ScoredList:
    """A list from ``p7=0.9``: product 7 with score 0.9."""
    ids = np.array([int(name[1:]) for name in scores_by_id], np.int64)
    return ScoredList(ids, np.array(list(scores_by_id.values()), np.float64))


def as_dict(fused):
    return dict(zip(fused.ids.tolist(), fused.scores.tolist(), strict=True))


# sixteenths add up exactly, so that laws about equal scores need no tolerance
shares = st.integers(0, 16).map(lambda n: n / 16)
one_list = st.dictionaries(st.integers(1, 12), shares, max_size=12).map(
    lambda d: ScoredList(np.fromiter(d, np.int64, len(d)), np.fromiter(d.values(), np.float64, len(d)))
)
lists_and_weights = st.tuples(
    st.dictionaries(st.sampled_from(SIGNALS), one_list),
    st.fixed_dictionaries(dict.fromkeys(SIGNALS, shares)),
)


@pytest.fixture(params=[weighted_sum, reciprocal_rank], ids=["weighted", "rrf"], scope="module")
def fuse(request):
    """Both ways to fuse."""
    return request.param


def test_a_weighted_sum_is_the_sum_of_weight_times_score():
    fused = weighted_sum(
        {"text": scored(p1=1.0, p2=0.5, p3=0.0), "lexical": scored(p3=1.0, p2=0.25)}, {"text": 0.5, "lexical": 0.75}
    )
    assert as_dict(fused) == {3: 0.5 * 0 + 0.75 * 1, 1: 0.5 * 1, 2: 0.5 * 0.5 + 0.75 * 0.25}
    assert fused.ids.tolist() == [3, 1, 2]
    assert fused.signals == ("text", "lexical")
    assert fused.contributions.tolist() == [[0.0, 0.5, 0.25], [0.75, 0.0, 0.1875]]


def test_reciprocal_rank_adds_one_over_sixty_plus_rank():
    fused = reciprocal_rank(
        {"text": scored(p1=0.9, p2=0.8, p3=0.7), "lexical": scored(p3=12.0, p4=11.0, p1=10.0)},
        {"text": 1.0, "lexical": 1.0},
    )
    assert as_dict(fused) == {
        1: 1 / (60 + 1) + 1 / (60 + 3),
        3: 1 / (60 + 3) + 1 / (60 + 1),
        2: 1 / (60 + 2),
        4: 1 / (60 + 2),
    }
    assert fused.ids.tolist() == [1, 3, 2, 4]  # equal scores by ascending id


def test_reciprocal_rank_looks_at_ranks_and_not_at_the_order_of_the_list():
    fused = reciprocal_rank({"text": scored(p1=0.1, p2=0.9, p3=0.9)}, {"text": 2.0}, k=10)
    assert as_dict(fused) == {2: 2 / (10 + 1), 3: 2 / (10 + 1), 1: 2 / (10 + 3)}


def test_a_product_missing_from_a_list_loses_no_more_than_that_lists_worst_hit():
    text = {"text": scored(p1=1.0, p2=1.0)}
    lexical = {"lexical": ScoredList(np.array([1, 3]), minmax(np.array([2.0, 9.0])))}
    fused = as_dict(weighted_sum(text | lexical, {"text": 1.0, "lexical": 1.0}))
    assert fused[1] == fused[2] == 1.0  # 1 is last in lexical, 2 is not in it at all


@given(lists_and_weights)
def test_contributions_sum_to_the_score(case):
    for fused in (weighted_sum(*case), reciprocal_rank(*case)):
        assert fused.contributions.sum(axis=0) == pytest.approx(fused.scores, abs=1e-9)
        assert fused.contributions.shape == (len(fused.signals), len(fused.ids))
        assert (fused.contributions >= 0).all()


@given(lists_and_weights)
def test_every_proposed_product_is_there_once_best_first_and_equal_ones_by_id(case):
    lists, weights = case
    for fused in (weighted_sum(*case), reciprocal_rank(*case)):
        proposed = {i for name, one in lists.items() if weights[name] for i in one.ids.tolist()}
        ids = fused.ids.tolist()
        assert len(ids) == len(set(ids))
        assert set(ids) == proposed
        assert ids == [i for _, i in sorted(zip((-fused.scores).tolist(), ids, strict=True))]


@given(lists_and_weights, st.sampled_from(SIGNALS))
def test_a_signal_of_weight_0_changes_nothing(case, name):
    lists, weights = case
    without = {other: one for other, one in lists.items() if other != name}
    for fuse in (weighted_sum, reciprocal_rank):
        silenced, absent = fuse(lists, weights | {name: 0.0}), fuse(without, weights)
        assert silenced.ids.tolist() == absent.ids.tolist()
        assert silenced.scores.tolist() == absent.scores.tolist()


@given(lists_and_weights, st.integers(-20, 20))
def test_scaling_all_weights_keeps_the_order(case, exponent):
    lists, weights = case
    scaled = {name: weight * 2.0**exponent for name, weight in weights.items()}
    for fuse in (weighted_sum, reciprocal_rank):
        assert fuse(lists, scaled).ids.tolist() == fuse(lists, weights).ids.tolist()


@given(lists_and_weights)
def test_the_order_of_the_signals_does_not_matter(case):
    lists, weights = case
    backwards = dict(reversed(lists.items()))
    for fuse in (weighted_sum, reciprocal_rank):
        assert fuse(backwards, weights).scores == pytest.approx(fuse(lists, weights).scores, abs=1e-12)
    assert weighted_sum(backwards, weights).ids.tolist() == weighted_sum(lists, weights).ids.tolist()


def test_nothing_in_nothing_out(fuse):
    for lists in ({}, {"text": scored()}):
        fused = fuse(lists, {"text": 1.0})
        assert (fused.ids.tolist(), fused.scores.tolist()) == ([], [])
        assert fused.contributions.shape == (len(lists), 0)


@given(lists_and_weights, st.lists(shares, min_size=12, max_size=12))
def test_a_gain_moves_a_product_and_is_kept_as_a_contribution(case, gains):
    fused = weighted_sum(*case)
    gains = np.array(gains[: len(fused.ids)])
    adjusted = add_contributions(fused, {"freshness": gains})
    before, by_id = as_dict(fused), dict(zip(fused.ids.tolist(), gains.tolist(), strict=True))
    assert as_dict(adjusted) == {i: score + by_id[i] for i, score in before.items()}
    assert adjusted.signals == (*fused.signals, "freshness")
    assert adjusted.contributions.sum(axis=0) == pytest.approx(adjusted.scores, abs=1e-9)
    assert (np.diff(adjusted.scores) <= 0).all()


@given(lists_and_weights, st.randoms(use_true_random=False))
def test_taking_positions_takes_everything_that_belongs_to_them(case, random):
    fused = weighted_sum(*case)
    positions = np.array(random.sample(range(len(fused.ids)), k=len(fused.ids) // 2), np.int64)
    taken = fused.take(positions)
    assert taken.ids.tolist() == fused.ids[positions].tolist()
    assert taken.contributions.sum(axis=0) == pytest.approx(taken.scores, abs=1e-9)
