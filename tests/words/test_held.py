"""How many of a query's words a product has."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace

import numpy as np
import pytest

from config.search import Search
from service.core.types import SparseVector
from service.core.understood import Understood
from service.encode.lexical import LexicalEncoder
from service.ranking.fuse import Fused
from service.store.vector_cache import VectorCache
from service.words.held import favour_held, shares_held, units
from service.words.understand import Words, understand

NAMES = {1: "Steel water bottle, water bottle for trips", 2: "Green glass bottle for water", 3: "Lamp"}


@pytest.fixture
def cached(lexical: LexicalEncoder) -> VectorCache:
    """Three products and their words; 4 has no vector yet."""
    vectors = {key: lexical.encode(name) for key, name in NAMES.items()}

    def retrieve(_: str, ids: list[int], vectors_of: Mapping[int, SparseVector] = vectors, **__: object) -> dict:
        return {key: SimpleNamespace(vectors={"lexical": vectors_of[key]}) for key in ids if key in vectors_of}

    return VectorCache(SimpleNamespace(retrieve=retrieve, watch=lambda _: None), 10, None)


def shares(read: Understood, words: Words, cached: VectorCache) -> list[float]:
    return shares_held(cached, np.array([1, 2, 3, 4]), units(read, words.vocabulary.stem))[0].round(3).tolist()


def test_each_word_counts_as_much_as_another(words: Words, search: Search, cached: VectorCache) -> None:
    assert shares(understand("a green water bottle", words, search), words, cached) == [0.667, 1.0, 0.0, 0.0]


def test_a_misspelt_word_is_held_by_what_was_meant(words: Words, search: Search, cached: VectorCache) -> None:
    read = understand("watre lamp", words, search)
    assert dict(read.corrected) == {"watre": "water"}
    assert shares(read, words, cached) == [0.5, 0.5, 0.5, 0.0]


def test_a_phrase_is_held_by_all_of_a_synonym(
    words_with: Callable[..., Words], search: Search, cached: VectorCache
) -> None:
    words = words_with("pani ki botal => water bottle", "hara => green")
    assert shares(understand("hara pani ki botal", words, search), words, cached) == [0.5, 1.0, 0.0, 0.0]


def test_what_products_are_called_by_counts_double(words: Words, search: Search, cached: VectorCache) -> None:
    wanted = units(understand("green bottle", words, search), words.vocabulary.stem)
    green = frozenset({words.vocabulary.stem("green") or 0})
    assert shares_held(cached, np.array([1, 2]), wanted, green)[0].round(3).tolist() == [0.333, 1.0]


def test_it_is_a_contribution_of_its_own(words: Words, search: Search, cached: VectorCache) -> None:
    read = understand("green water bottle", words, search)
    fused = Fused(np.array([1, 2]), np.array([0.7, 0.6]), ("lexical", "text"), np.array([[0.5, 0.2], [0.2, 0.4]]))
    more = favour_held(fused, read, words, cached, 1.5)
    assert (more.ids.tolist(), more.signals) == ([2, 1], ("lexical", "text", "words"))
    assert more.scores.round(3).tolist() == [2.1, 1.7]  # .6 + 1.5, .7 + 1.5 x 2/3
    assert more.contributions[2].round(3).tolist() == [1.5, 1.0]
    assert favour_held(fused, read, words, cached, 0.0) is fused
    assert favour_held(fused, read, words, cached, 1.5, ["red glass"]).scores.round(3).tolist() == [1.7, 0.6]


@pytest.mark.parametrize("text", ["", "the for", "🙂"])
def test_nothing_to_look_for_changes_nothing(text: str, words: Words, search: Search, cached: VectorCache) -> None:
    fused = Fused(np.array([1]), np.array([0.7]), ("lexical",), np.array([[0.7]]))
    assert favour_held(fused, understand(text, words, search), words, cached, 1.5) is fused
