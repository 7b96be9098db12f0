"""Pins land where they say or say why not, and quotas hold within one slot."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.ranking.rules import PinAt, Share, land, place


def share(rule: str, least: int, most: int, *places: int, count: int = 10) -> Share:
    return Share(rule, least, most, np.isin(np.arange(count), places))


def slate(slots: int, *shares: Share, pins: dict[int, int] | None = None, count: int = 10) -> list[int]:
    return place(np.arange(count), pins or {}, shares, slots).order[:slots].tolist()


NAMES = {place: f"p{place}" for place in range(10)}


def test_a_pin_lands_in_its_slot_and_the_others_make_room() -> None:
    landed = land([PinAt("a", 7, 2)], NAMES, slots=4, asked=4)
    assert slate(4, pins=dict(landed.slots)) == [0, 7, 1, 2]
    assert landed.why_not == {}


def test_of_two_pins_for_one_slot_the_first_rule_has_it_and_the_other_the_next_free_one() -> None:
    landed = land([PinAt("a", 7, 1), PinAt("b", 8, 2), PinAt("c", 9, 1)], NAMES, slots=4, asked=4)
    assert landed.slots == {0: 7, 1: 8, 2: 9}
    assert landed.why_not == {"c": ["slot 1 is taken by a rule that comes first: 'p9' stands in slot 3"]}


def test_a_pin_beyond_the_products_there_are_takes_the_last_slot_and_says_so() -> None:
    landed = land([PinAt("a", 1, 9)], NAMES, slots=3, asked=10)
    assert (landed.slots, landed.why_not) == ({2: 1}, {"a": ["there are only 3 products: 'p1' stands in slot 3"]})


def test_a_pin_outside_of_the_slate_that_was_asked_for_does_not_land() -> None:
    landed = land([PinAt("a", 1, 5)], NAMES, slots=4, asked=4)
    assert (landed.slots, landed.why_not) == ({}, {"a": ["slot 5 is not in a slate of 4: 'p1' is not pinned"]})


def test_a_product_pinned_by_two_rules_stands_where_the_first_one_says() -> None:
    landed = land([PinAt("a", 1, 1), PinAt("b", 1, 2)], NAMES, slots=4, asked=4)
    assert (landed.slots, landed.why_not) == ({0: 1}, {"b": ["'p1' is pinned by a rule that comes first"]})


def test_a_quota_that_comes_first_keeps_a_pin_out() -> None:
    none = share("none", 0, 0, 7)
    assert land([none, PinAt("a", 7, 1)], NAMES, slots=4, asked=4).slots == {}
    assert land([PinAt("a", 7, 1), none], NAMES, slots=4, asked=4).slots == {0: 7}


def test_a_pin_that_comes_first_may_break_a_quota_which_says_so() -> None:
    placed = place(np.arange(10), {0: 7}, [share("none", 0, 0, 7, 8)], 3)
    assert placed.order[:3].tolist() == [7, 0, 1]
    assert placed.why_not == {"none": ["1 slots instead of at most 0: pins have more"]}


def test_a_maximum_skips_what_is_too_much() -> None:
    assert slate(4, share("q", 0, 1, 0, 1, 2)) == [0, 3, 4, 5]


def test_a_minimum_takes_the_last_slots_for_the_best_that_match() -> None:
    placed = place(np.arange(10), {}, [share("q", 2, 4, 8, 6)], 4)
    assert placed.order[:4].tolist() == [0, 1, 6, 8]
    assert placed.is_free.tolist() == [True, True, False, False]


def test_a_minimum_that_cannot_be_met_leaves_no_slot_empty_and_says_so() -> None:
    placed = place(np.arange(10), {}, [share("q", 3, 4, 8)], 4)
    assert placed.order[:4].tolist() == [0, 1, 2, 8]
    assert placed.why_not == {"q": ["1 slots instead of at least 3: no more products match"]}


def test_a_maximum_gives_way_rather_than_leaving_slots_empty() -> None:
    placed = place(np.arange(3), {}, [share("q", 0, 1, 0, 1, count=3)], 3)
    assert placed.order.tolist() == [0, 2, 1]
    assert placed.why_not == {"q": ["2 slots instead of at most 1: nothing else is left for them"]}


def test_where_minima_want_more_than_there_is_the_first_has_its_way() -> None:
    a, b = share("a", 3, 4, 5, 6, 7), share("b", 3, 4, 8, 9)
    placed = place(np.arange(10), {}, [a, b], 4)
    assert placed.order[:4].tolist() == [5, 6, 7, 8]
    assert placed.why_not == {"b": ["1 slots instead of at least 3: rules that come first have the others"]}


def test_a_minimum_that_comes_first_beats_a_maximum() -> None:
    least, most = share("least", 2, 10, 5, 6), share("most", 0, 1, 5, 6)
    assert slate(3, least, most) == [0, 5, 6]
    assert set(slate(3, most, least)) == {0, 1, 5}


@st.composite
def cases(draw: st.DrawFn) -> tuple[int, int, list[PinAt | Share], np.ndarray]:
    count = draw(st.integers(1, 12))
    slots = draw(st.integers(1, count))
    masks = st.lists(st.booleans(), min_size=count, max_size=count).map(np.array)
    pin = st.tuples(st.integers(0, count - 1), st.integers(1, 15))
    bounds = st.tuples(st.integers(0, slots), st.integers(0, slots)).map(sorted)
    demands: list[PinAt | Share] = []
    for number, wants_pin in enumerate(draw(st.lists(st.booleans(), max_size=6))):
        if wants_pin:
            demands.append(PinAt(f"r{number}", *draw(pin)))
        else:
            least, most = draw(bounds)
            demands.append(Share(f"r{number}", least, most, draw(masks)))
    order = np.array(draw(st.permutations(range(count))), np.int64)
    return count, slots, demands, order


@given(cases())
def test_pins_land_or_say_why_quotas_hold_or_say_why_and_nothing_is_lost(case: tuple) -> None:
    count, slots, demands, order = case
    landed = land(demands, {n: str(n) for n in range(count)}, slots, slots)
    shares = [demand for demand in demands if isinstance(demand, Share)]
    placed = place(order, landed.slots, shares, slots)
    assert sorted(placed.order.tolist()) == list(range(count))
    shown = placed.order[:slots].tolist()
    for demand in demands:
        if isinstance(demand, PinAt):
            assert (shown.index(demand.place) + 1 if demand.place in shown else None) == demand.position or (
                landed.why_not[demand.rule]
            )
        else:
            assert demand.least <= demand.mask[shown].sum() <= demand.most or placed.why_not[demand.rule]


@given(cases())
def test_without_quotas_the_others_keep_their_order(case: tuple) -> None:
    count, slots, demands, order = case
    pins = land([d for d in demands if isinstance(d, PinAt)], {n: str(n) for n in range(count)}, slots, slots).slots
    shown = place(order, pins, [], slots).order.tolist()
    kept = [one for slot, one in enumerate(shown) if slot not in pins]
    assert kept == [one for one in order.tolist() if one not in pins.values()]


@given(cases())
def test_one_quota_alone_is_met_wherever_that_is_possible(case: tuple) -> None:
    count, slots, demands, order = case
    for demand in demands:
        if isinstance(demand, Share):
            shown = place(order, {}, [demand], slots).order[:slots]
            matching = int(demand.mask.sum())
            have = int(demand.mask[shown].sum())
            assert have >= min(demand.least, matching)
            assert have <= max(demand.most, slots - (count - matching))
