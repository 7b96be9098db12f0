"""The shop's own words that are nearest to one it does not have: by spelling, and by meaning."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from heapq import nlargest

import numpy as np

from eval.searches.proposal import Proposal
from service.core.types import Floats

SPELLED_ALIKE = 0.72  # share of common letters, 0 to 1: "hedfone" and "headphone" have .75
NEAR_IN_MEANING = 0.55  # cosine of all-MiniLM-L6-v2: "earbuds" and "earphones" .78, "sofa" and "lamp" .39
_OTHER_LENGTH = 3
_SHORTEST = 6  # of shorter words too many look alike
_OF_EACH = 2
_WORDS, _CATEGORIES = 3000, 1000
_SHARED_BY = 2  # products that have a word, lest it is a mistake of one of them

Encode = Callable[[Sequence[str]], Floats]


def spelled_alike(word: str, counts: Mapping[str, int]) -> list[Proposal]:
    """The words of a shop that look most like one, the plural aside; search corrects less than that by itself.

    Examples
    --------
    >>> [one.also for one in spelled_alike("hedfone", {"headphones": 9, "helmet": 3, "mug": 5})]
    ['headphones']
    """
    if len(word) < _SHORTEST or not word.isalpha():
        return []
    near = [
        (ratio, other)
        for other in counts
        if other != word and abs(len(other) - len(word)) <= _OTHER_LENGTH and other[0] == word[0]
        if (ratio := _ratio(word, other)) >= SPELLED_ALIKE
    ]
    return [Proposal(word, other, f"spelled alike ({ratio:.2f})") for ratio, other in nlargest(_OF_EACH, near)]


def _ratio(word: str, other: str) -> float:
    matcher = SequenceMatcher(None, word.removesuffix("s"), other.removesuffix("s"), autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= SPELLED_ALIKE else 0.0


class Meanings:
    """The words of a shop that stand for several products, and its categories, as vectors.

    Parameters
    ----------
    counts : word -> products that have it. categories : names, the most used first. encode : texts to unit vectors.
    """

    def __init__(self, counts: Mapping[str, int], categories: Iterable[str], encode: Encode) -> None:
        frequent = [word for word, count in Counter(counts).most_common(_WORDS) if count >= _SHARED_BY]
        names = list(dict.fromkeys(name.casefold() for name in categories))[:_CATEGORIES]
        self._names = list(dict.fromkeys((*names, *frequent)))
        self._encode = encode
        self._vectors: Floats | None = None

    def near(self, word: str) -> list[Proposal]:
        """The nearest to a word, if they are near at all."""
        if not self._names:
            return []
        if self._vectors is None:
            self._vectors = self._encode(self._names)
        cosines = self._vectors @ self._encode([word])[0]
        best = [place for place in np.argsort(-cosines)[: _OF_EACH + 1].tolist() if self._names[place] != word]
        return [
            Proposal(word, self._names[place], f"near in meaning ({cosines[place]:.2f})")
            for place in best[:_OF_EACH]
            if cosines[place] >= NEAR_IN_MEANING
        ]
