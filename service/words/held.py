"""Products that have many of a query's words come before those that have one rare word often."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from service.core.types import Ids
from service.core.understood import Understood
from service.ranking.adjust import add_contributions
from service.ranking.fuse import Fused
from service.store.spaces import PRODUCTS
from service.store.vector_cache import VectorCache
from service.words.plain import words_of
from service.words.understand import Words

HELD = "words"
LEXICAL = "lexical"
_MOST = 60  # words of a query
_LEADS = 2.0  # what a word counts that names begin with

Shares = NDArray[np.float64]
Unit = list[frozenset[int]]
"""The ways to say one thing; each has all of some words, as word search calls them."""


def favour_held(
    fused: Fused, understood: Understood, words: Words, cached: VectorCache, weight: float, unwanted: Sequence[str] = ()
) -> Fused:
    """The list with ``weight x share of the query's words held`` added, as a contribution called ``words``.

    BM25 adds up how rare words are, so "green water bottle" finds water bottles of any colour; here each word counts
    as much as another, and twice as much if names mostly begin with it: that is what products are called by.

    Parameters
    ----------
    weight : added for all of the words. unwanted : texts; what has a word of theirs gains nothing.
    """
    stem = words.vocabulary.stem
    wanted = units(understood, stem)
    if not weight or not wanted or not len(fused.ids):
        return fused
    never = frozenset(one for text in unwanted for word in words_of(text) if (one := stem(word)) is not None)
    held, is_spoilt = shares_held(cached, fused.ids, wanted, words.named.leading, never)
    gains = weight * held * ~is_spoilt
    return add_contributions(fused, {HELD: gains}) if gains.any() else fused


def units(understood: Understood, stem: Callable[[str], int | None]) -> list[Unit]:
    """What a query asks for, word by word: as it was typed, as it was meant, or by a synonym of a whole phrase."""
    if not understood.words:
        return []
    typed = words_of(understood.words[0][0])[:_MOST]
    meant = [(words_of(understood.corrected.get(word, word)) or [word])[0] for word in typed]
    phrases = {tuple(words_of(phrase)): also for phrase, also in understood.synonyms.items()}
    lengths = sorted({len(phrase) for phrase in phrases}, reverse=True)
    found: list[Unit] = []
    at = 0
    while at < len(typed):
        length = next((n for n in lengths if tuple(meant[at : at + n]) in phrases), 1)
        said = [typed[at : at + length], meant[at : at + length]]
        said += [words_of(phrase) for phrase in phrases.get(tuple(meant[at : at + length]), ())]
        ways = {frozenset(one for one in map(stem, words) if one is not None) for words in said}
        if ways := {way for way in ways if way}:
            found.append(sorted(ways, key=sorted))
        at += length
    return found


def shares_held(
    cached: VectorCache,
    ids: Ids,
    wanted: Sequence[Unit],
    leading: frozenset[int] = frozenset(),
    never: frozenset[int] = frozenset(),
) -> tuple[Shares, NDArray[np.bool_]]:
    """Share of what is asked for that each product's text has, float64[C], 0 to 1; whether it has a word of `never`."""
    words = np.array(sorted({*never, *(word for unit in wanted for way in unit for word in way)}), np.uint32)
    has = _has(cached, ids, words)
    column = {int(word): place for place, word in enumerate(words)}

    def all_of(way: frozenset[int]) -> NDArray[np.bool_]:
        return np.asarray(has[:, [column[word] for word in way]].all(axis=1))

    held = np.array([np.logical_or.reduce([all_of(way) for way in unit]) for unit in wanted])
    is_spoilt = has[:, [column[word] for word in never]].any(axis=1)
    weights = [_LEADS if any(len(way) == 1 and way <= leading for way in unit) else 1.0 for unit in wanted]
    return np.average(held, axis=0, weights=weights), np.asarray(is_spoilt, bool)


def _has(cached: VectorCache, ids: Ids, words: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """bool[C, W]: which product's text has which of `words`, ascending."""
    indices = cached.indices(PRODUCTS, LEXICAL, ids)
    rows = np.repeat(np.arange(len(ids)), [len(one) for one in indices])
    every = np.concatenate(indices)
    places = np.minimum(np.searchsorted(words, every), len(words) - 1)
    is_one = words[places] == every
    found = np.zeros((len(ids), len(words)), dtype=bool)
    found[rows[is_one], places[is_one]] = True
    return found
