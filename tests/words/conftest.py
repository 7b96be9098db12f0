"""A small vocabulary, read with the real word search."""

from collections.abc import Callable

import pytest

from config.params import load_params
from config.search import Search
from service.encode.lexical import LexicalEncoder
from service.store.catalogue_words import ProductWords
from service.words.nearest import Speller
from service.words.synonyms import make_synonyms, parse_synonyms
from service.words.understand import Words
from service.words.vocabulary import Vocabulary, make_vocabulary

NAMES = (
    "Red running sneakers", "Blue sneakers for women", "Wireless earphones with case", "Crème brûlée dish",
    "Cotton t shirt with pockets", "Sony WH-1000XM4 headphones", "Water bottle 500 millilitre", "Memory card 8 GB",
    "Olive oil 1.5 litre", "White lamp", "White wall lamp", "Watch",
)  # fmt: skip


@pytest.fixture(scope="session")
def lexical() -> LexicalEncoder:
    """The encoder with the packaged parameters."""
    return LexicalEncoder(k1=1.2, b=0.75, average_length=20)


@pytest.fixture(scope="session")
def search() -> Search:
    """The packaged parameters."""
    return load_params().search


@pytest.fixture(scope="session")
def vocabulary(lexical: LexicalEncoder) -> Vocabulary:
    """The words of twelve products, ids from 1."""
    page = [
        ProductWords(number, name, "Adidas", ["Shop"], [], {"colours": ["turquoise"], "new": True})
        for number, name in enumerate(NAMES, 1)
    ]
    return make_vocabulary([page[:5], page[5:]], lexical)


@pytest.fixture(scope="session")
def words_with(vocabulary: Vocabulary) -> Callable[..., Words]:
    """The vocabulary with synonyms of the test's own."""

    def make(*lines: str) -> Words:
        rules, wrong = parse_synonyms(lines)
        assert not wrong
        return Words(vocabulary, Speller(vocabulary, 100), make_synonyms(rules, vocabulary.stem))

    return make


@pytest.fixture(scope="session")
def words(words_with: Callable[..., Words]) -> Words:
    """The vocabulary without synonyms."""
    return words_with()
