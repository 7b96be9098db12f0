"""Groups of products that are alike, and how slots are spread: small cases by hand, laws on random ones."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eval.catalogue.duplicates import linked, same_words
from eval.catalogue.reach import reach
from service.core.types import Product

LISTS = st.lists(st.lists(st.integers(-1, 7), min_size=3, max_size=3), min_size=1, max_size=20).map(np.array)


def test_the_brand_counts_too() -> None:
    products = {1: Product("a", "Mug", brand="Alba"), 2: Product("b", "Mug", brand="Quill"), 3: Product("c", "Mug")}
    assert same_words(products) == []


def test_the_largest_group_comes_first() -> None:
    assert linked(np.array([[8, 9], [1, 2], [2, 3]])) == [(1, 2, 3), (8, 9)]
    assert linked(np.empty((0, 2), np.int64)) == []


@given(LISTS)
def test_every_product_is_either_reachable_or_an_orphan(lists: np.ndarray) -> None:
    found = reach(lists, 8, top=8)
    hubs = dict(found.hubs)
    assert hubs.keys() | set(found.orphans) == set(range(8))
    assert not hubs.keys() & set(found.orphans)
    assert all(count == (lists == place).sum() for place, count in hubs.items())
    assert (found.gini is None) == (found.hub_share is None) == (not hubs)


def test_slots_of_the_most_frequent_hundredth() -> None:
    lists = np.array([[0, 1], [0, 2], [0, 3], [0, -1]])  # product 0 has 4 of 7 slots
    assert reach(lists, 100).hub_share == 4 / 7
