"""Slots: caps hold, guests get their share, and every probability is what it says."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.ranking.sample import plackett_luce
from service.ranking.slots import Cap, Guests, fill_slots

scores_ = st.lists(st.floats(-3, 3), min_size=1, max_size=8).map(np.array)
seeds = st.integers(0, 2**64 - 1)


@given(scores_, st.integers(0, 9), st.sampled_from([0.0, 0.3, 2.0]), seeds)
def test_without_caps_and_guests_it_is_plackett_luce(scores, n, temperature, seed):
    filled = fill_slots(scores, n, temperature, seed)
    places, propensities = plackett_luce(scores, n, temperature, seed)
    assert filled.places.tolist() == places.tolist()
    assert filled.propensities == pytest.approx(propensities, rel=1e-9)
    assert set(filled.guests) <= {None}


@given(scores_, st.data(), st.integers(1, 9), st.integers(1, 3), st.sampled_from([0.0, 1.0]), seeds)
def test_no_group_has_more_than_its_cap_while_others_are_left(scores, data, n, most, temperature, seed):
    groups = np.array(data.draw(st.lists(st.integers(-1, 3), min_size=len(scores), max_size=len(scores))))
    places = fill_slots(scores, n, temperature, seed, [Cap(groups, most)]).places.tolist()
    assert len(places) == len(set(places)) == min(n, len(scores))
    room = sum(min(most, count) for group, count in Counter(groups.tolist()).items() if group >= 0)
    room += int((groups < 0).sum())
    counts = Counter(groups[places[:room]].tolist())
    assert all(count <= most for group, count in counts.items() if group >= 0)


def exact(scores, n, temperature, caps, guests):
    """Every order's probability, by the definition."""
    found = {}
    for order in permutations(range(len(scores)), n):
        chance, taken = 1.0, []
        for place in order:
            allowed = [i for i in range(len(scores)) if i not in taken]
            room = [
                i
                for i in allowed
                if all(c.groups[i] < 0 or sum(c.groups[t] == c.groups[i] for t in taken) < c.most for c in caps)
            ]
            open_ = room or allowed
            parts = [(g.share, {i: g.odds[i] for i in open_}) for g in guests if sum(g.odds[i] for i in open_) > 0]
            own = {i: np.exp(scores[i] / temperature) for i in open_}
            chance *= (1 - sum(share for share, _ in parts)) * own.get(place, 0) / sum(own.values()) + sum(
                share * odds.get(place, 0) / sum(odds.values()) for share, odds in parts
            )
            taken.append(place)
        if chance:
            found[order] = chance
    return found


def test_orders_come_up_as_often_as_their_propensities_say():
    scores, temperature, draws = np.array([1.0, 0.6, 0.3, 0.0]), 0.7, 20_000
    caps = [Cap(np.array([0, 0, 1, -1]), 1)]
    guests = [Guests("explore", 0.25, np.array([0.0, 0.0, 1.0, 3.0])), Guests("idle", 0.5, np.zeros(4))]
    expected = exact(scores, 3, temperature, caps, guests)
    assert sum(expected.values()) == pytest.approx(1.0)
    drawn = Counter()
    for seed in range(draws):
        filled = fill_slots(scores, 3, temperature, seed, caps, guests)
        order = tuple(filled.places.tolist())
        drawn[order] += 1
        assert np.prod(filled.propensities) == pytest.approx(expected[order], rel=1e-9)
    for order, probability in expected.items():
        tolerance = 5 * (draws * probability * (1 - probability)) ** 0.5
        assert drawn[order] == pytest.approx(draws * probability, abs=tolerance)


def test_guests_are_named_and_never_come_from_odds_of_nothing():
    guests = [Guests("explore", 1.0, np.array([0.0, 0.0, 1.0]))]
    filled = fill_slots(np.array([3.0, 2.0, 1.0]), 3, 0, 1, guests=guests)
    assert (filled.places.tolist(), filled.guests) == ([2, 0, 1], ("explore", None, None))
    assert filled.propensities.tolist() == [1.0, 1.0, 1.0]


def test_the_same_seed_fills_the_same():
    guests = [Guests("explore", 0.5, np.ones(6))]
    first, again = (fill_slots(np.arange(6.0), 6, 0.5, 9, guests=guests) for _ in range(2))
    assert first.places.tolist() == again.places.tolist()
    assert (
        len({tuple(fill_slots(np.arange(6.0), 6, 0.5, seed, guests=guests).places.tolist()) for seed in range(9)}) > 1
    )


def test_nothing_fills_nothing():
    filled = fill_slots(np.empty(0), 5, 0.5, 1, [Cap(np.empty(0, np.int64), 1)], [Guests("e", 0.5, np.empty(0))])
    assert (len(filled.places), len(filled.propensities), filled.guests) == (0, 0, ())
