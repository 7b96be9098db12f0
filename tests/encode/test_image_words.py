"""The small models' tokenizer: known words become ids, others vanish and are reported."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import ConfigurationError
from service.encode.image_words import END, PAD, START, WordTokenizer, load_words

SHOP = WordTokenizer(("green", "bag", "t", "shirt", "grey", "berry", "dishes"), 8)
GREEN, BAG, T, SHIRT, GREY, BERRY, DISHES = range(3, 10)


def test_a_text_becomes_start_words_end_and_padding():
    assert SHOP(["Green BAG!"]).tolist() == [[START, GREEN, BAG, END, PAD, PAD, PAD, PAD]]


def test_one_text_may_come_without_a_list():
    assert SHOP("bag").tolist() == SHOP(["bag"]).tolist()


def test_no_texts_give_no_rows():
    assert tuple(SHOP([]).shape) == (0, 8)


def test_a_long_text_is_cut_and_still_ends():
    assert SHOP(["bag " * 50]).tolist() == [[START, *[BAG] * 6, END]]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("bags", [BAG]),
        ("berries", [BERRY]),
        ("dish", [DISHES]),
        ("gray tees", [GREY, T, SHIRT]),
        ("T-Shirt", [T, SHIRT]),
        ("gréen", [GREEN]),
        ("a quantum bag", [BAG]),
        ("", []),
        ("💥 ¿?", []),
    ],
)
def test_plurals_accents_and_other_spellings_are_understood(text, ids):
    assert SHOP.encode(text) == ids


@pytest.mark.parametrize(
    ("text", "share"),
    [("green bag", 1.0), ("the green unicorn", 0.5), ("quantum unicorn", 0.0), ("for the", 0.0), ("", 0.0)],
)
def test_coverage_is_the_share_of_meaningful_words_that_are_known(text, share):
    assert SHOP.coverage(text) == share


@given(st.text(max_size=300))
def test_any_text_has_a_row_of_known_ids_and_a_coverage_between_0_and_1(text):
    row = SHOP([text])[0].tolist()
    assert row[0] == START
    assert row.count(END) == 1
    assert max(row) < 3 + len(SHOP.words)
    assert 0 <= SHOP.coverage(text) <= 1


def test_a_folder_without_a_vocabulary_uses_word_pieces(tmp_path):
    assert load_words(tmp_path, 8) is None


def test_a_vocabulary_that_is_no_text_is_one_clear_line(tmp_path):
    (tmp_path / "words.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match=r"words\.txt cannot be read"):
        load_words(tmp_path, 8)
