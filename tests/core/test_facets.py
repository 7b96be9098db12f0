"""Facets: which part of a filter they ignore, and how counts become choices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import InvalidQuery
from service.core.facets import FacetRange, FacetValue, check_facets, shape, without
from service.core.filters import Filter, Match, Range

LG, SALE, CHEAP, DEAR = Match("brand", ("LG",)), Match("tags", ("sale",)), Range("price", lt=10), Range("price", gte=90)


@pytest.mark.parametrize(
    ("wanted", "field", "left"),
    [
        (None, "brand", None),
        (Filter(must=(LG,)), "brand", None),
        (Filter(must=(LG, SALE)), "brand", Filter(must=(SALE,))),
        (Filter(must=(LG, SALE)), "price", Filter(must=(LG, SALE))),
        (Filter(must=(SALE, Filter(must=(LG, CHEAP)))), "brand", Filter(must=(SALE, Filter(must=(CHEAP,))))),
        (Filter(must=(Filter(should=(CHEAP, DEAR)),)), "price", None),  # several ranges of one field are one choice
        (Filter(must=(Filter(should=(CHEAP, LG)),)), "price", Filter(must=(Filter(should=(CHEAP, LG)),))),
        (Filter(must_not=(LG,)), "brand", Filter(must_not=(LG,))),  # what is not wanted was not chosen in the facet
    ],
)
def test_a_facet_ignores_what_was_chosen_in_it(wanted: Filter | None, field: str, left: Filter | None) -> None:
    assert without(wanted, field) == left


def test_categories_are_a_tree() -> None:
    counts = [(("Home", "Home > Mugs"), 3), (("Home",), 1), (("Bags",), 5), ((), 2)]
    assert shape("category", counts).values == (
        FacetValue("Bags", 5),
        FacetValue("Home", 4, (FacetValue("Home > Mugs", 3),)),
    )


def test_values_come_by_count_then_name_and_the_rest_is_counted() -> None:
    assert [one.value for one in shape("brand", [(("b",), 1), (("a",), 1), (("c",), 2)]).values] == ["c", "a", "b"]
    many = shape("tags", [((f"tag {i:03}",), 1) for i in range(130)])
    assert (len(many.values), many.left_out) == (100, 30)


def test_ratings_are_so_many_stars_and_more() -> None:
    facet = shape("rating", [((4.5,), 2), ((3.0,), 1), ((0.5,), 7), ((), 4)])
    assert facet.ranges == tuple(FacetRange(stars, None, n) for stars, n in ((4, 2), (3, 3), (2, 3), (1, 3)))


@given(st.dictionaries(st.floats(0, 1e12), st.integers(1, 50), max_size=40))
def test_every_price_lies_in_one_range(counts: dict[float, int]) -> None:
    facet = shape("price", [((price,), n) for price, n in counts.items()])
    assert sum(one.count for one in facet.ranges) == sum(counts.values())
    assert len(facet.ranges) <= 6
    assert all(one.count for one in facet.ranges)
    for left, right in zip(facet.ranges, facet.ranges[1:], strict=False):
        assert left.lt is not None
        assert right.gte is not None
        assert left.lt <= right.gte
    assert (facet.low, facet.high) == (min(counts, default=None), max(counts, default=None))


def test_a_facet_that_is_not_indexed_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidQuery, match=r"no facet 'attributes.weight'; facets are: brand, .*attributes.colour"):
        check_facets(["brand", "attributes.weight"], ["brand", "attributes.colour"])
