"""Prices in the words of a query: which phrases are understood, which numbers are something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.filters import Match, Range
from service.words.price import Prices, prices_named, without

SHOP = Prices(30.0, 150_000.0, ("INR",))


def read(text: str, shop: Prices | None = SHOP) -> tuple[str, list[object]]:
    """What is left of a text, and what its prices ask for."""
    found = prices_named(text, shop, {"promax", "max90"}.__contains__)
    left = without(text, [(one.start, one.end) for one in found])
    return left, [condition for one in found for condition in one.wanted.must]


@pytest.mark.parametrize(
    ("text", "left", "wanted"),
    [
        ("earphones under 500", "earphones", Range("price", lt=500)),
        ("price below ₹500 shirt", "shirt", Range("price", lt=500)),
        ("less than rs.500", "", Range("price", lt=500)),
        ("backpack within ₹1000", "backpack", Range("price", lte=1000)),
        ("up to rs 500", "", Range("price", lte=500)),
        ("watch max 600", "watch", Range("price", lte=600)),
        ("shirt max ₹500", "shirt", Range("price", lte=500)),
        ("fridge over ₹30,000", "fridge", Range("price", gt=30_000)),
        ("more than 1.5k", "", Range("price", gt=1500)),
        ("tv above 1,00,000", "tv", Range("price", gt=100_000)),
        ("laptop from 40000", "laptop", Range("price", gte=40_000)),
        ("tv between 10000 and 20k", "tv", Range("price", gte=10_000, lte=20_000)),
        ("₹200 - ₹400 t-shirt", "t-shirt", Range("price", gte=200, lte=400)),
        ("phone 1-2k ₹", "phone", Range("price", gte=1000, lte=2000)),
        ("200 to 500 rs", "", Range("price", gte=200, lte=500)),
        ("500 rs headphone", "headphone", Range("price", lte=500)),
        ("500/- shirt", "shirt", Range("price", lte=500)),
        ("rs. 500 ke andar earphone", "earphone", Range("price", lte=500)),
        ("1000 se kam smartwatch", "smartwatch", Range("price", lt=1000)),
        ("phone 10000 se 15000 ke beech", "phone", Range("price", gte=10_000, lte=15_000)),
        ("500 and above", "", Range("price", gte=500)),
        ("zeb-500 under 999", "zeb-500", Range("price", lt=999)),
    ],
)
def test_a_price_becomes_a_filter_and_its_words_leave_the_text(text: str, left: str, wanted: Range) -> None:
    assert read(text) == (left, [wanted])


@pytest.mark.parametrize(
    "text",
    [
        "8 gb", "1.5 ton", "size 9", "iphone 14", "2,000", "1k", "wh-1000xm4",  # a number alone
        "over 30 mm", "under 32 inch tv", "upto 30 hours", "over 50% off", "under 500 w heater",  # counts another thing
        "500-1000 ml bottle", "toys from 3 to 5 years", "toys from 30 to 50 years", "puzzle over 500 pieces",
        "air max 90", "phone pro max 256",  # names of the shop's own
        "20-40 €", "under $50",  # not its currency
        "games for under 10", "over 900000",  # nothing costs that
        "₹500 gift voucher", "under armour", "v2.500 rs", "١٢٣", "²",
    ],
)  # fmt: skip
def test_what_is_no_price(text: str) -> None:
    assert read(text) == (text, [])


def test_two_bounds_are_two_filters() -> None:
    assert read("mug over 200 under 500")[1] == [Range("price", gt=200), Range("price", lt=500)]


def test_where_prices_have_several_currencies_a_sign_says_which() -> None:
    shop = Prices(1, 900, ("EUR", "USD"))
    assert read("mug under 50€", shop)[1] == [Range("price", lt=50), Match("currency", ("EUR",))]
    assert read("mug under 50", shop)[1] == [Range("price", lt=50)]


def test_a_shop_without_prices_understands_none() -> None:
    assert read("mug under ₹50", None) == ("mug under ₹50", [])


@given(st.text(alphabet="0123456789 .,-–k₹€$rsunder~", max_size=60))
def test_phrases_lie_in_the_text_in_order_and_ask_for_something(text: str) -> None:
    found = prices_named(text, SHOP)
    edges = [edge for one in found for edge in (one.start, one.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(text) for edge in edges)
    assert all(one.wanted for one in found)
