"""Ratings, counts, truth and moments as feeds write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.load.values import (
    parse_boolean,
    parse_category,
    parse_moment,
    parse_rating,
    parse_review_count,
    parse_stock,
    parse_tags,
)


@pytest.mark.parametrize(
    ("raw", "rating"), [("4.2", 4.2), ("4,2", 4.2), ("4.2 out of 5 stars", 4.2), (5, 5.0), ("0", 0.0)]
)
def test_ratings(raw, rating):
    assert parse_rating(raw) == (rating, ())


@pytest.mark.parametrize(
    ("raw", "reason"),
    [("Get", "not_a_number"), ("FREE", "not_a_number"), ("₹68.99", "not_a_number"), (True, "not_a_number"),
     ("5.1", "out_of_range"), ("-1", "out_of_range")],
)  # fmt: skip
def test_what_is_no_rating_is_dropped(raw, reason):
    assert parse_rating(raw) == (None, (f"rating_{reason}",))


@pytest.mark.parametrize(
    ("raw", "count"), [("2,255", 2255), ("1,13,956", 113956), ("2255.0", 2255), ("1.234", 1234), (7.0, 7)]
)
def test_counts(raw, count):
    assert parse_review_count(raw) == (count, ())


@pytest.mark.parametrize("raw", ["Only 2 left in stock.", "12.5", "2,25", 1.5, "1" * 39])
def test_what_is_no_count_is_dropped(raw):
    assert parse_review_count(raw)[0] is None


@pytest.mark.parametrize(("raw", "stock"), [("3", 3), ("in stock", None), ("Sold out", 0), (-2, 0), ("many", None)])
def test_stock(raw, stock):
    assert parse_stock(raw)[0] == stock


@pytest.mark.parametrize(("raw", "value"), [("TRUE", True), ("no", False), (1, True), (0.0, False), ("maybe", None)])
def test_truth(raw, value):
    assert parse_boolean(raw)[0] is value


@pytest.mark.parametrize(
    ("raw", "iso"),
    [("2025-01-31", "2025-01-31T00:00:00+00:00"), ("2025-01-31T12:00:00+02:00", "2025-01-31T10:00:00+00:00"),
     ("1738324800", "2025-01-31T12:00:00+00:00"), (1738324800, "2025-01-31T12:00:00+00:00")],
)  # fmt: skip
def test_moments_are_utc(raw, iso):
    assert parse_moment(raw)[0].isoformat() == iso


@pytest.mark.parametrize("raw", ["yesterday", "0001-01-01T00:00:00+14:00", float("inf"), 10**30, "1e400", True])
def test_what_is_no_moment_is_dropped(raw):
    assert parse_moment(raw) == (None, ("created_at_not_a_time",))


def test_categories_come_as_text_list_or_json():
    assert parse_category(["Home > Kitchen>Mugs"])[0] == ("Home", "Kitchen", "Mugs")
    assert parse_category([["Home", "Kitchen > Mugs", None]])[0] == ("Home", "Kitchen", "Mugs")
    assert parse_category(['["Home", "Mugs"]'])[0] == ("Home", "Mugs")
    assert parse_category(["tv, audio & cameras", "All Electronics"])[0] == ("tv, audio & cameras", "All Electronics")


def test_too_many_levels_and_tags_are_cut():
    assert parse_category([" > ".join("abcdefghijkl")]) == (tuple("abcdefghij"), ("too_many_values",))
    assert len(parse_tags([[str(n) for n in range(1000)]])[0]) == 64


@given(st.one_of(st.text(max_size=30), st.floats(), st.integers(), st.booleans()))
def test_anything_is_a_value_within_bounds_or_none(raw):
    rating, count, stock = parse_rating(raw)[0], parse_review_count(raw)[0], parse_stock(raw)[0]
    assert rating is None or 0 <= rating <= 5
    assert count is None or 0 <= count <= 2_000_000_000
    assert stock is None or 0 <= stock <= 2_000_000_000
    parse_boolean(raw), parse_moment(raw), parse_category([raw]), parse_tags([raw])
