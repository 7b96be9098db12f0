"""The shop's word that a misspelt one was meant to be; the only module that imports rapidfuzz."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache

from service.words.plain import folded
from service.words.vocabulary import Vocabulary

_ONE_FROM, _TWO_FROM, _LONGEST = 4, 8, 40


def edits(word: str) -> int:
    """How many edits away a word may be: none below 4 letters, one from 4, two from 8.

    Examples
    --------
    >>> edits("mug"), edits("lamp"), edits("sneekers")
    (0, 1, 2)
    """
    return (len(word) >= _ONE_FROM) + (len(word) >= _TWO_FROM)


class Speller:
    """Looks for the nearest words of a vocabulary, and remembers what it found.

    An edit is a letter more, a letter less, another letter, or two neighbours swapped (Damerau 1964; restricted to
    swaps that nothing comes between, which is four times as fast).

    Parameters
    ----------
    cache : words remembered. is_used : whether products use a word that the vocabulary has not, in a description;
        such words are left alone.
    """

    def __init__(self, vocabulary: Vocabulary, cache: int, is_used: Callable[[str], bool] = lambda _: False) -> None:
        self._vocabulary = vocabulary
        self._is_used = is_used
        self._by_length: dict[int, list[str]] = defaultdict(list)
        self._by_first: dict[tuple[int, str], list[str]] = defaultdict(list)
        for word in vocabulary.counts:
            self._by_length[len(word)].append(word)
            self._by_first[len(word), word[0]].append(word)
        self.nearest = lru_cache(maxsize=cache)(self._nearest)

    def _nearest(self, word: str) -> str | None:
        """The word that was meant: fewest edits, then the same first letter, then most products; None if none is near.

        Words with digits are never changed, nor is the first letter together with another one.
        """
        typed, most = folded(word), edits(folded(word))
        if not most or len(typed) > _LONGEST or not typed.isalpha():
            return None
        # most misspelt words begin right, and then a small part of the vocabulary is enough
        near = self._near(typed, most, [self._by_first.get((n, typed[0]), []) for n in _lengths(typed, most)])
        if not near or near[0][0] > 1:
            near = sorted(near + self._near(typed, 1, [self._by_length.get(n, []) for n in _lengths(typed, 1)]))
        meant = next((choice for *_, choice in near if self._vocabulary.stem(choice) is not None), None)
        return None if meant is None or self._is_used(word) else meant

    def _near(self, typed: str, most: int, choices: Iterable[list[str]]) -> list[tuple[int, bool, int, str]]:
        """Edits, whether the first letter is another one, products (negative), and the word: the best first."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        found = [process.extract(typed, some, scorer=OSA.distance, score_cutoff=most, limit=None) for some in choices]
        counts = self._vocabulary.counts
        return sorted(
            (int(distance), choice[0] != typed[0], -counts[choice], choice)
            for some in found
            for choice, distance, _ in some
        )


def _lengths(typed: str, most: int) -> range:
    return range(len(typed) - most, len(typed) + most + 1)
