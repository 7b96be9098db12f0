"""Words to BM25 vectors: which queries find which products."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.encode.lexical import LexicalEncoder, words_and_pairs


@pytest.fixture(scope="module")
def encoder():
    """The encoder with the packaged parameters."""
    return LexicalEncoder(k1=1.2, b=0.75, average_length=20)


@pytest.fixture(scope="module")
def score(encoder):
    """How well a query fits a product's words, without the inverse document frequencies that the store adds."""

    def dot(query, document):
        asked, held = encoder.encode_query(query), encoder.encode(document)
        weights = dict(zip(held.indices.tolist(), held.values.tolist(), strict=True))
        return sum(weights.get(index, 0.0) for index in asked.indices.tolist())

    return dot


@pytest.mark.parametrize("query", ["t shirt", "tshirt", "t-shirt", "T-Shirt", "T SHIRT"])
@pytest.mark.parametrize("document", ["Red t shirt", "Red tshirt", "Red T-Shirt"])
def test_every_way_to_write_t_shirt_finds_every_other(score, query, document):
    assert score(query, document) > 0
    assert score(query, "Red mug") == 0


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("mugs", "Mug"),
        ("running shoe", "Shoes for runners who run"),
        ("creme", "Crème brûlée"),
        ("BRÛLÉE", "creme brulee"),
        ("strasse", "Straße"),
        ("ＬＧ", "LG television"),
        ("8gb", "Memory 8GB"),
        ("B0BRK", "Mug B0BRK"),
    ],
)
def test_case_accents_word_forms_and_wide_letters_do_not_matter(score, query, document):
    assert score(query, document) > 0


def test_words_in_the_same_order_count_for_more_than_the_same_words_scattered(score):
    assert score("red wine glass", "red wine glass set") > score("red wine glass", "glass, wine, set, red")


def test_of_two_products_the_one_that_says_less_else_fits_better(score):
    assert score("mug", "mug") > score("mug", "mug and " + " ".join(f"word{n}" for n in range(50)))


def test_a_word_that_is_repeated_counts_for_more_but_not_twice(score):
    once, twice = score("mug", "mug red big tea"), score("mug", "mug red mug tea")
    assert once < twice < 2 * once


@pytest.mark.parametrize("text", ["", "   ", "the", "!!", "& – …", "\t\n"])
def test_a_query_of_stop_words_and_signs_only_asks_nothing(encoder, text):
    assert encoder.encode_query(text) is None


def test_a_document_without_words_is_empty(encoder):
    assert len(encoder.encode("…").indices) == 0


def test_a_querys_words_count_once_each(encoder):
    vector = encoder.encode_query("mug mug mugs")
    assert len(set(vector.indices.tolist())) == len(vector.indices)
    assert set(vector.values.tolist()) == {1.0}


@given(st.text(max_size=60))
def test_any_text_makes_a_vector_the_store_takes(encoder, text):
    for vector in (encoder.encode(text), encoder.encode_query(text)):
        if vector is not None:
            assert len(set(vector.indices.tolist())) == len(vector.indices) == len(vector.values)
            assert np.isfinite(vector.values).all()
            assert (vector.values > 0).all()


@given(st.lists(st.sampled_from(["Crème", "Straße", "İstanbul", "8GB", "ﬁsh", "mug"]), max_size=6).map(" ".join))
def test_how_a_text_is_composed_in_unicode_does_not_matter(encoder, text):
    one = encoder.encode(unicodedata.normalize("NFC", text))
    other = encoder.encode(unicodedata.normalize("NFD", text))
    assert sorted(one.indices.tolist()) == sorted(other.indices.tolist())


def test_pairs_follow_the_words():
    assert words_and_pairs("Red  T-Shirt") == "red t shirt redt tshirt"
    assert words_and_pairs("mug") == "mug"
    assert words_and_pairs("") == ""


def test_the_name_changes_with_every_parameter():
    names = {LexicalEncoder(*p).name for p in ((1.2, 0.75, 20), (1.3, 0.75, 20), (1.2, 0.7, 20), (1.2, 0.75, 21))}
    assert len(names) == 4
