"""Laws of the normalisers over any finite scores, and sums a reader can check."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ranking.normalize import NORMALIZERS, competition_ranks, minmax, rank, zscore


@pytest.fixture(params=NORMALIZERS, scope="module")
def normalize(request):
    """Each of the normalisers."""
    return NORMALIZERS[request.param]


def test_order_and_range_are_kept_for_scores_of_any_size(normalize, any_scores):
    @given(any_scores)
    def law(scores):
        normal = normalize(scores)
        assert normal.shape == scores.shape
        assert np.isfinite(normal).all()
        assert (np.diff(normal[np.argsort(scores, kind="stable")]) >= 0).all()
        assert normal.min() >= 0
        assert normal.max() > 0
        if normalize is not zscore:
            assert normal.max() == 1.0

    law()


def test_scores_that_differ_stay_different_and_equal_ones_equal(normalize, usual_scores):
    @given(usual_scores)
    def law(scores):
        normal = normalize(scores)
        for i in range(len(scores)):
            assert ((scores > scores[i]) == (normal > normal[i])).all()

    law()


@pytest.mark.parametrize("score", [0.0, 0.1, -7.5, 5e-324, 1.7e308])
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_hits_that_are_all_equally_good_are_all_the_best_answer(normalize, score, count):
    assert normalize(np.full(count, score)).tolist() == [1.0] * count


def test_no_hits_stay_no_hits(normalize):
    assert normalize(np.empty(0)).tolist() == []


def test_moving_or_stretching_all_scores_changes_nothing(normalize):
    scores = np.array([0.5, 0.25, 0.75, 0.5])
    for other in (scores + 8, scores * 2**40, scores * 2**-40):
        assert normalize(other) == pytest.approx(normalize(scores), abs=1e-9)


def test_the_input_stays_as_it_is(normalize):
    scores = np.array([3.0, 1.0, 2.0])
    scores.setflags(write=False)
    normalize(scores)
    assert scores.tolist() == [3.0, 1.0, 2.0]


def test_minmax_is_the_share_of_the_way_from_worst_to_best():
    assert minmax(np.array([10.0, 4.0, 7.0])).tolist() == [1.0, 0.0, 0.5]


def test_zscore_counts_standard_deviations_above_the_worst():
    # mean 4, squared differences 4 + 4 + 0 + 0, so the standard deviation is sqrt(8 / 4)
    assert zscore(np.array([6.0, 2.0, 4.0, 4.0])) == pytest.approx([4 / 2**0.5, 0, 2 / 2**0.5, 2 / 2**0.5], rel=1e-12)


def test_rank_counts_the_hits_that_are_better():
    assert rank(np.array([0.2, 0.9, 0.9, 0.5])).tolist() == [1 - 3 / 4, 1.0, 1.0, 1 - 2 / 4]


@given(st.lists(st.integers(-5, 5), max_size=30))
def test_competition_ranks_equal_a_naive_count(scores):
    assert competition_ranks(np.array(scores, float)).tolist() == [1 + sum(o > s for o in scores) for s in scores]
