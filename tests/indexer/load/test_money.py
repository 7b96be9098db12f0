"""Prices as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.load.money import Money, parse_money


@pytest.mark.parametrize(
    ("text", "minor", "currency"),
    [
        ("₹10,999", 1_099_900, "INR"),
        ("$1,299.00", 129_900, "USD"),
        ("1.299,00 €", 129_900, "EUR"),
        ("1.299 €", 129_900, "EUR"),
        ("€12,5", 1_250, "EUR"),
        ("Rs. 500", 50_000, "INR"),
        ("₹ 1,23,456.50", 12_345_650, "INR"),
        ("CHF 1'299.95", 129_995, "CHF"),
        ("1\u202f299,00 EUR", 129_900, "EUR"),
        ("12 345 678 kr", 1_234_567_800, "SEK"),
        ("US$5", 500, "USD"),
        ("A$5.10", 510, "AUD"),
        ("¥1299", 1_299, "JPY"),
        ("£0.99", 99, "GBP"),
        ("1.299,- €", 129_900, "EUR"),
        ("KWD 1.250", 1_250, "KWD"),
        ("M.R.P.: ₹499", 49_900, "INR"),
        ("â‚¹999", 99_900, "INR"),
    ],
)
def test_a_sign_or_code_gives_the_currency(text, minor, currency):
    assert parse_money(text)[0] == Money(minor, currency)


@pytest.mark.parametrize(
    ("raw", "minor"),
    [("1299", 129_900), ("1299.5", 129_950), ("12,99", 1_299), ("1,299", 129_900), ("1.299", 130), ("0", 0),
     (12.99, 1_299), (19.990000000000002, 1_999), (5, 500)],
)  # fmt: skip
def test_a_bare_number_takes_the_currency_of_the_file(raw, minor):
    assert parse_money(raw, "EUR")[0] == Money(minor, "EUR")


@pytest.mark.parametrize(
    ("sign", "file", "currency"), [("$5", "CAD", "CAD"), ("$5", "EUR", "USD"), ("5 kr", "NOK", "NOK")]
)
def test_a_shared_sign_means_the_currency_of_the_file_if_it_can(sign, file, currency):
    assert parse_money(sign, file)[0] == Money(500, currency)


@pytest.mark.parametrize(
    "text", ["call us", "Get", "1.2.3", "1,2,3", "12 pieces", "2023-10-01", "555 1234 567", "€", "10%"]
)
def test_what_is_no_price_is_not_guessed_at(text):
    assert parse_money(text) == (None, ("price_not_a_number",))


def test_of_a_range_the_lower_price_counts():
    assert parse_money("$12.99 - $15.99") == (Money(1_299, "USD"), ("price_range",))


@pytest.mark.parametrize("raw", ["-5", "$-5", "-$5", "−5 €", "(5)", "5.00-", -0.5])
def test_negative_prices_are_seen_as_such(raw):
    assert parse_money(raw) == (None, ("price_negative",))


def test_decimals_the_currency_does_not_have_are_rounded():
    assert parse_money("0.125", "EUR") == (Money(13, "EUR"), ("price_rounded",))
    assert parse_money("99.5", "JPY") == (Money(100, "JPY"), ("price_rounded",))


@given(st.integers(0, 10**10), st.sampled_from(["{:,.2f}", "{:.2f}", "${:,.2f}", "{:,.2f} EUR"]))
def test_a_written_price_is_read_back_exactly(minor, spelling):
    assert parse_money(spelling.format(minor / 100))[0].minor == minor


@given(st.one_of(st.text(max_size=40), st.text("0123456789.,-€$ '()kr", max_size=20), st.floats(), st.integers()))
def test_anything_is_a_price_within_bounds_or_none(raw):
    money, reasons = parse_money(raw)
    assert money is None or 0 <= money.minor <= 10**12
    assert money is not None or reasons
