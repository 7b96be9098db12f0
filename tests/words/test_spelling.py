"""Misspelt words: which are changed, and into what."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from config.search import Search
from service.words.nearest import edits
from service.words.understand import Words, understand

letters = st.text(string.ascii_lowercase, min_size=1, max_size=12)


def corrected(text: str, words: Words, search: Search) -> dict[str, str]:
    return dict(understand(text, words, search).corrected)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sneekers", "sneakers"),
        ("SNEAKRES", "sneakers"),  # two neighbours swapped
        ("snekers", "sneakers"),
        ("sneeakerrs", "sneakers"),
        ("addidas", "adidas"),
        ("turqoise", "turquoise"),  # a value of an attribute
        ("brülle", "brulee"),
        ("vatch", "watch"),  # the first letter may be wrong by itself
        ("whit", "white"),  # not "with", which is no word to search for
    ],
)
def test_a_misspelt_word_becomes_the_nearest_of_the_shop(typed: str, meant: str, words: Words, search: Search) -> None:
    assert list(corrected(typed, words, search).values()) == [meant]


@pytest.mark.parametrize(
    "text",
    [
        "sneaker",  # another form of a word of the shop
        "tshirt",  # two words of the shop, joined
        "head phones", "head-phones",  # one word of the shop, apart
        "creme", "CRÈME",
        "rde", "lmp",  # too short
        "wh1000xm5", "1000xm5", "9gb",  # model numbers and sizes
        "xylophone",  # nothing is near
        "the with for",
        "x" * 500,
        "मोबाइल", "🙂🙂🙂🙂", "مرحبا",
    ],
)  # fmt: skip
def test_what_is_left_alone(text: str, words: Words, search: Search) -> None:
    read = understand(text, words, search)
    assert (read.corrected, read.text) == ({}, text)


def test_of_two_words_as_near_the_one_of_more_products_is_meant(words: Words, search: Search) -> None:
    assert corrected("whote", words, search) == {"whote": "white"}  # twice in the shop; "whole" is not


def test_what_was_typed_is_still_looked_for(words: Words, search: Search) -> None:
    read = understand("red sneekers", words, search)
    assert read.words == (("red sneekers", 1.0), ("red sneakers", search.correction_weight))
    assert read.text == "red sneakers"


def test_correction_can_be_switched_off(words: Words, search: Search) -> None:
    asked = understand("red sneekers", words, search, is_corrected=False)
    configured = understand("red sneekers", words, search.model_copy(update={"correct": False}))
    for read in (asked, configured):
        assert (read.text, read.corrected, read.words) == ("red sneekers", {}, (("red sneekers", 1.0),))


def test_before_the_catalogue_is_read_a_query_is_taken_as_it_stands(search: Search) -> None:
    assert understand("sneekers", None, search).words == (("sneekers", 1.0),)


@given(st.data())
def test_a_word_of_the_shop_is_never_changed(words: Words, search: Search, data: st.DataObject) -> None:
    known = data.draw(st.lists(st.sampled_from(sorted(words.vocabulary.counts)), min_size=1, max_size=6))
    assert corrected(" ".join(known), words, search) == {}


@given(letters)
def test_no_more_edits_than_allowed(words: Words, typed: str) -> None:
    meant = words.speller.nearest(typed)
    if meant is not None:
        assert OSA.distance(typed, meant) <= edits(typed)
        assert meant in words.vocabulary.counts
        assert meant[0] == typed[0] or OSA.distance(typed, meant) == 1


@given(letters)
def test_nothing_as_near_has_more_products(words: Words, typed: str) -> None:
    meant = words.speller.nearest(typed)
    counts = words.vocabulary.counts
    if meant is not None:
        rivals = [w for w in counts if OSA.distance(typed, w) <= OSA.distance(typed, meant) and w[0] == typed[0]]
        assert counts[meant] >= max([counts[w] for w in rivals if words.vocabulary.stem(w) is not None], default=0)


@given(st.text(max_size=80))
def test_any_text_can_be_read(words: Words, search: Search, text: str) -> None:
    read = understand(text, words, search)
    assert read.words[0] == (text, 1.0)
    assert all(weight > 0 for _, weight in read.words)
