"""What any product may look like."""

from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st

from service.core.types import Product

# few words, so that random filters meet random products; some are awkward on purpose
WORDS = ("red", "RED", "röd", "a > b", ">", " > ", "", "5", "'", '"', "$.x", "%", "_", "x!", "茶", "true", "null")
MOMENTS = [datetime(2025, 1, 31, 12, 0, 0, micro, UTC) for micro in (0, 1, 123456, 999999)]


@pytest.fixture(scope="session")
def any_word() -> st.SearchStrategy[str]:
    """A short word, often one that others use too."""
    text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5)
    return st.sampled_from(WORDS) | text


@pytest.fixture(scope="session")
def any_product(any_word: st.SearchStrategy[str]) -> st.SearchStrategy[Product]:
    """A product with any combination of known and unknown fields."""
    words = st.lists(any_word, max_size=3).map(tuple)
    scalar = any_word | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
    amount = st.none() | st.integers(0, 600) | st.integers(0, 2**62)
    return st.builds(
        Product,
        external_id=st.sampled_from(["1", "2", "red"]),
        name=any_word,
        description=any_word,
        brand=st.none() | any_word,
        category=words,
        price_minor=amount,
        original_price_minor=amount,
        currency=st.sampled_from([None, "EUR", "JPY", "KWD"]),
        rating=st.none() | st.floats(0, 5) | st.integers(0, 5),
        review_count=st.integers(0, 5),
        image=st.none() | any_word,
        link=st.none() | any_word,
        stock=st.none() | st.integers(-1, 3),
        visible=st.booleans(),
        tags=words,
        attributes=st.dictionaries(any_word, scalar | words, max_size=3),
        tenant=st.sampled_from(["default", "red"]),
        created_at=st.sampled_from(MOMENTS)
        | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    )
