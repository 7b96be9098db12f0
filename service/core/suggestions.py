"""Completions of what is being typed: every text by each of its words, in one sorted list."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Kind = Literal["query", "category", "brand", "product"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What can be suggested; among equally good completions the first kind comes first."""

MAX_TYPED = 100
_WORDS = 6  # words of a text by which it is found
_KEY_LENGTH = 32
_HALF = 10.0  # a weight that counts half of the most it can count
_AFTER = "\U0010ffff"
_WORD = re.compile(r"\w+")

_RUN = 2000  # keys sorted at once: a millisecond or two

Places = NDArray[np.int64]
_Key = tuple[str, int, bool]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One completion.

    Attributes
    ----------
    id : the merchant's id of a product, the path of a category; None of other kinds.
    weight : how often it was asked for, or how many products or reviews it has; >= 0.
    """

    text: str
    kind: Kind
    id: str | None = None
    weight: float = 0.0


class Suggestions:
    """A fixed set of suggestions, ready to be completed to.

    Parameters
    ----------
    pause : called now and then while they are made ready.

    Examples
    --------
    >>> shop = Suggestions([Suggestion("Red mug", "product", "7"), Suggestion("Mugs", "category", "Home > Mugs")])
    >>> [one.text for one in shop.complete("mu", 5)], [one.text for one in shop.complete("mug re", 5)]
    (['Mugs', 'Red mug'], ['Red mug'])
    """

    def __init__(self, suggestions: Iterable[Suggestion], pause: Callable[[], None] = lambda: None) -> None:
        self._all: list[Suggestion] = []
        runs: list[list[_Key]] = [[]]
        for place, one in enumerate(suggestions):
            self._all.append(one)
            words = _WORD.findall(folded(one.text))
            starts = range(min(len(words), _WORDS))
            runs[-1].extend((" ".join(words[start:])[:_KEY_LENGTH], place, start == 0) for start in starts)
            if len(runs[-1]) >= _RUN:  # sorting them all at once would keep every other thread waiting
                runs[-1].sort()
                runs.append([])
                pause()
        runs[-1].sort()
        keys: list[_Key] = []
        for key in merge(*runs):
            keys.append(key)
            if not len(keys) % _RUN:
                pause()
        self._keys = [key for key, _, _ in keys]
        self._places = np.array([place for _, place, _ in keys], np.int64)
        self._is_start = np.array([is_start for _, _, is_start in keys], bool)
        self._kinds = np.array([KINDS.index(one.kind) for one in self._all], np.int8)
        weights = np.array([one.weight for one in self._all], np.float64)
        self._worth = weights / (weights + _HALF)

    def __len__(self) -> int:
        return len(self._all)

    def complete(self, typed: str, n: int) -> list[Suggestion]:
        """The best completions, at most `n`, each text once.

        What begins with what was typed comes first, then what has it at a later word, then what has all words in
        another order, the last one perhaps unfinished. No kind takes more than half of the list while others have
        something to say.
        """
        asked = " ".join(_WORD.findall(folded(typed[:MAX_TYPED])))
        if not asked or n < 1:
            return []
        first, last = self._range(asked)
        is_start = self._is_start[first:last]
        found = self._places[first:last]
        if len(asked) > _KEY_LENGTH:
            is_meant = np.array([asked in self._written(place) for place in found.tolist()], bool)
            found, is_start = found[is_meant], is_start[is_meant]
        tiers = [found[is_start], found[~is_start]]
        if " " in asked and last - first < n:
            tiers.append(self._with_words(asked.split()))
        return self._mixed([self._best(tier, n) for tier in tiers], n)

    def _written(self, place: int) -> str:
        return " ".join(_WORD.findall(folded(self._all[place].text)))

    def _range(self, asked: str) -> tuple[int, int]:
        key = asked[:_KEY_LENGTH]
        return bisect_left(self._keys, key), bisect_left(self._keys, key + _AFTER)

    def _with_words(self, words: Sequence[str]) -> Places:
        first, last = self._range(words[-1])
        found = np.unique(self._places[first:last])
        for word in words[:-1]:
            # a blank comes before every other sign of a key: these are the word alone and the word with more after it
            first, last = bisect_left(self._keys, word), bisect_left(self._keys, word + "!")
            found = found[np.isin(found, self._places[first:last])]
        return found

    def _best(self, places: Places, n: int) -> list[int]:
        """The `n` best of each kind."""
        best: list[int] = []
        for kind in range(len(KINDS)):
            own = places[self._kinds[places] == kind]
            if len(own) > n:
                own = own[np.argpartition(-self._worth[own], n - 1)[:n]]
            best += sorted(own.tolist(), key=lambda place: (-self._worth[place], self._all[place].text))
        return best

    def _mixed(self, tiers: Sequence[Sequence[int]], n: int) -> list[Suggestion]:
        texts: set[str] = set()
        taken = [0] * len(KINDS)
        ranked: list[tuple[bool, int]] = []  # whether its kind has had its share, place; in order
        for place in (place for tier in tiers for place in tier):
            text = folded(self._all[place].text)
            if text not in texts:
                texts.add(text)
                kind = int(self._kinds[place])
                taken[kind] += 1
                ranked.append((taken[kind] > (n + 1) // 2, place))
        within = sum(not is_spare for is_spare, _ in ranked)
        spare = max(0, n - within)
        chosen: list[Suggestion] = []
        for is_spare, place in ranked:
            spare -= is_spare
            if len(chosen) < n and (not is_spare or spare >= 0):
                chosen.append(self._all[place])
        return chosen


def folded(text: str) -> str:
    """Small letters without accents, for comparing.

    Examples
    --------
    >>> folded("Crème BRÛLÉE")
    'creme brulee'
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return plain if plain.isascii() else "".join(sign for sign in plain if not unicodedata.combining(sign))
