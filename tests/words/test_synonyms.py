"""Synonyms: how lines are read, what is wrong with others, and what a query is widened by."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.search import Search
from service.words.synonyms import MAX_LINES, parse_synonyms
from service.words.understand import Words, understand


def also(text: str, words: Words, search: Search) -> dict[str, tuple[str, ...]]:
    return dict(understand(text, words, search).synonyms)


def test_one_way_is_one_way(words_with: Callable[..., Words], search: Search) -> None:
    words = words_with("earbuds => earphones, headphones")
    assert also("wireless earbuds", words, search) == {"earbuds": ("earphones", "headphones")}
    assert also("wireless earphones", words, search) == {}


def test_with_commas_it_is_all_ways(words_with: Callable[..., Words], search: Search) -> None:
    words = words_with("tshirt, t-shirt, tee")
    assert also("red tee", words, search) == {"tee": ("tshirt", "t shirt")}
    assert also("red t-shirt", words, search) == {"t-shirt": ("tshirt", "tee")}


def test_other_forms_of_a_word_count_too(words_with: Callable[..., Words], search: Search) -> None:
    assert also("Earbud", words_with("earbuds => earphones"), search) == {"earbud": ("earphones",)}


def test_synonyms_are_looked_for_in_place_and_count_for_less(words_with: Callable[..., Words], search: Search) -> None:
    read = understand("wireless earbuds case", words_with("earbuds => earphones", "case => box"), search)
    assert read.words[1:] == (
        ("wireless earphones case", search.synonym_weight),
        ("wireless earbuds box", search.synonym_weight),
    )
    assert read.text.endswith("case earphones box")


def test_synonyms_follow_the_spelling(words_with: Callable[..., Words], search: Search) -> None:
    read = understand("sneekers", words_with("sneakers => trainers"), search)
    assert (dict(read.corrected), dict(read.synonyms)) == ({"sneekers": "sneakers"}, {"sneakers": ("trainers",)})


def test_the_longest_phrase_has_its_way(words_with: Callable[..., Words], search: Search) -> None:
    words = words_with("memory card => sd card", "memory => ram")
    assert also("memory card", words, search) == {"memory card": ("sd card",)}


def test_a_circle_ends(words_with: Callable[..., Words], search: Search) -> None:
    assert also("a1", words_with("a1 => b1", "b1 => c1", "c1 => a1"), search) == {"a1": ("b1",)}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("mug => mug", "own synonym"),
        ("Mug, cup, MUG", "own synonym"),
        ("mug =>", "no word"),
        ("=> mug", "no word"),
        ("mug,, cup", "no word"),
        ("🙂 => smile", "no word"),
        ("mug", "single phrase"),
        ("a => b => c", "more than one"),
        ("one two three four five six => many", "more than 5 words"),
        (", ".join(f"w{n}" for n in range(21)), "at most 20"),
        ("x" * 301, "at most 300"),
        ("mug => c\x00p", "no database"),
        ("mug => \ud800", "no database"),
    ],
)
def test_a_line_that_cannot_be_used_is_told_with_its_number(line: str, says: str) -> None:
    rules, (wrong,) = parse_synonyms(["# remark", "", "cup, mug", line])
    assert (len(rules), wrong.line) == (1, 4)
    assert says in wrong.says


def test_too_many_lines_are_told_once() -> None:
    rules, wrong = parse_synonyms([f"a{n} => b{n}" for n in range(MAX_LINES + 10)])
    assert (len(rules), [one.line for one in wrong]) == (MAX_LINES, [MAX_LINES + 1])


@given(st.lists(st.text(max_size=40), max_size=5))
def test_any_lines_can_be_read(lines: list[str]) -> None:
    rules, wrong = parse_synonyms(lines)
    assert len(rules) + len(wrong) <= len(lines)
    assert all(1 <= one.line <= len(lines) for one in wrong)
