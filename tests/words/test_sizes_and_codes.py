"""Sizes in other spellings, and products named by their model number or id."""

import numpy as np
import pytest

from config.search import Search
from service.ranking.fuse import Fused
from service.words.exact import ids_named, put_first
from service.words.plain import codes_of
from service.words.understand import Words, understand


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("bottle 500ml", ("500 millilitre",)),
        ("bottle 500 ml", ("500 millilitre",)),
        ("oil 1.5l", ("1.5 litre",)),
        ("card 8gb", ()),  # the shop's "8 GB" is the same to word search
        ("5g phone", ()),
        ("set 5 in 1", ()),
        ("bottle 750ml", ()),  # the shop has none
    ],
)
def test_a_size_is_looked_for_as_the_shop_writes_it(
    text: str, sizes: tuple[str, ...], words: Words, search: Search
) -> None:
    assert understand(text, words, search).units == sizes


@pytest.mark.parametrize("text", ['laptop 15.6"', "laptop 15.6”", "laptop 15.6''", "laptop 15.6″"])
def test_inch_signs_are_read_as_inches(text: str, words: Words, search: Search) -> None:
    assert "15.6 inch" in understand(text, words, search).text


@pytest.mark.parametrize("text", ["sony wh-1000xm4", "WH1000XM4", "case for wh-1000XM4"])
def test_a_model_number_names_its_product(text: str, words: Words, search: Search) -> None:
    assert understand(text, words, search).exact == (6,)


@pytest.mark.parametrize("text", ["8gb", "500 ml", "4k tv", "iphone 15", "win32", "10-client", "2024", "1000"])
def test_sizes_years_and_short_words_are_no_model_numbers(text: str) -> None:
    assert codes_of(text) == []


def test_ids_are_looked_up_whole_and_word_by_word() -> None:
    assert ids_named("mug-1") == ["mug-1", "MUG-1"]
    assert ids_named("red mug") == ["red mug"]
    assert len(ids_named("a1b2 " * 200)) <= 24
    assert ids_named("x" * 1000) == []


def test_named_products_come_first_and_their_contributions_add_up() -> None:
    fused = Fused(np.array([7, 8, 9]), np.array([0.9, 0.5, 0.1]), ("text",), np.array([[0.9, 0.5, 0.1]]))
    first = put_first(fused, (9, 1000), 2.0)
    assert first.ids.tolist() == [9, 7, 8]
    assert first.contributions.sum(axis=0) == pytest.approx(first.scores)
    assert first.signals == ("text", "exact")
    assert put_first(fused, (), 2.0) is fused
    assert put_first(fused, (1000,), 2.0) is fused
