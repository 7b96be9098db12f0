"""Who may be shown, and the first reason why not."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from service.core.filters import Filter, HasId, Match, Range
from service.ranking.eligibility import FILTERED, GONE, HIDDEN, SOLD_OUT, why_not

CHEAP = Range("price", lt=10)


@dataclass(frozen=True)
class Product:
    price: float | None = 5.0
    in_stock: bool = True
    visible: bool = True

    def payload(self):
        return {"price": self.price}


def test_each_product_has_its_first_reason():
    shop = {
        1: Product(),
        2: Product(visible=False, in_stock=False, price=99.0),
        3: Product(in_stock=False, price=99.0),
        4: Product(price=99.0),
    }
    reasons = why_not([1, 2, 3, 4, 5], shop, CHEAP, in_stock_only=True)
    assert reasons == {2: HIDDEN, 3: SOLD_OUT, 4: FILTERED, 5: GONE}


def test_sold_out_products_may_stay_where_the_surface_says_so():
    assert why_not([1], {1: Product(in_stock=False)}, None, in_stock_only=False) == {}


def test_an_excluded_product_is_filtered():
    never = Filter(must_not=(HasId(frozenset({1})),))
    assert why_not([1, 2], {1: Product(), 2: Product()}, never, in_stock_only=True) == {1: FILTERED}


def test_a_product_without_the_field_does_not_pass_a_filter_on_it():
    assert why_not([1], {1: Product(price=None)}, CHEAP, in_stock_only=True) == {1: FILTERED}
    assert why_not([1], {1: Product()}, Match("brand", ("LG",)), in_stock_only=True) == {1: FILTERED}


payloads = st.dictionaries(
    st.integers(1, 9), st.builds(Product, st.sampled_from([None, 5.0, 10.0]), st.booleans(), st.booleans())
)


@given(st.sets(st.integers(1, 9)), payloads, st.booleans())
def test_a_product_without_a_reason_is_visible_available_and_as_wanted(ids, shop, in_stock_only):
    reasons = why_not(ids, shop, CHEAP, in_stock_only=in_stock_only)
    assert set(reasons) <= ids
    for product_id in ids - set(reasons):
        fields = shop[product_id]
        assert fields.visible
        assert fields.in_stock or not in_stock_only
        assert fields.price is not None
        assert fields.price < 10
