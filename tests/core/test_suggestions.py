"""Completions: what begins with what was typed, then what holds it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.suggestions import KINDS, Suggestion, Suggestions, folded

SHOP = Suggestions(
    [
        Suggestion("Red mug", "product", "1", 5),
        Suggestion("Red lamp", "product", "2", 50),
        Suggestion("Mug tree", "product", "3", 1),
        Suggestion("Crème-brûlée dish", "product", "4"),
        Suggestion("Mugs", "category", "Home > Mugs", 40),
        Suggestion("Redmond", "brand", None, 3),
        Suggestion("red mug", "query", None, 9),
    ]
)


def texts(typed: str, n: int = 8) -> list[str]:
    return [one.text for one in SHOP.complete(typed, n)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("mu", ["Mugs", "Mug tree", "red mug"]),  # a later word comes later; the same text only once
        ("RED", ["red mug", "Redmond", "Red lamp"]),
        ("red m", ["red mug"]),
        ("mug re", ["red mug"]),  # in another order, the last word unfinished
        ("mug mo", []),
        ("creme bru", ["Crème-brûlée dish"]),
        ("brulee", ["Crème-brûlée dish"]),
        ("", []),
        ("  - ", []),
        ("zzz", []),
    ],
)
def test_what_is_typed_is_completed(typed: str, expected: list[str]) -> None:
    assert texts(typed) == expected


def test_no_kind_takes_more_than_half_while_others_have_something_to_say() -> None:
    many = [Suggestion(f"mug {i}", "query", None, i) for i in range(20)]
    shop = Suggestions([*many, *(Suggestion(f"Mug no {i}", "product", str(i)) for i in range(20))])
    found = shop.complete("mug", 6)
    assert [one.kind for one in found] == ["query"] * 3 + ["product"] * 3
    assert [one.text for one in found[:3]] == ["mug 19", "mug 18", "mug 17"]
    assert len(Suggestions(many).complete("mug", 6)) == 6


WORDS = st.sampled_from(["mug", "mugs", "Müg", "red", "re", "a", "lamp", "🙂", "茶", "-", "x" * 40])


@given(
    st.lists(
        st.builds(
            Suggestion,
            st.lists(WORDS, max_size=8).map(" ".join),
            st.sampled_from(KINDS),
            st.none(),
            st.floats(0, 1e9),
        ),
        max_size=30,
    ),
    st.text(max_size=10) | st.lists(WORDS, max_size=3).map(" ".join),
    st.integers(0, 12),
)
def test_completions_hold_each_word_once_and_are_at_most_n(all_: list[Suggestion], typed: str, n: int) -> None:
    found = Suggestions(all_).complete(typed, n)
    assert len(found) <= n
    assert len({folded(one.text) for one in found}) == len(found)
    assert set(found) <= set(all_)
    if typed in ("mug", "re", "a"):
        assert all(typed in folded(one.text) for one in found)
        begins = [folded(one.text).startswith(typed) for one in found]
        assert begins == sorted(begins, reverse=True) or any("-" in one.text for one in found)
