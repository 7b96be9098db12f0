"""A catalogue's own words: how many products have each, and which words and model numbers there are at all."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from service.core.carried import facts
from service.signals.signal import QueryLexicalEncoder
from service.store.catalogue_words import ProductWords
from service.words.plain import codes_of, folded, words_of

MAX_WORDS = 200_000
MAX_CODES = 200_000
MAX_KNOWN = 4_000_000
_SHARED_BY = 3  # a code that more products have says nothing about which one is meant
_SHORTEST = 3
_REMEMBERED = 10_000  # texts

Known = NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """What a shop's products are described with.

    Attributes
    ----------
    counts : word without digits -> number of products. codes : model number -> ids of the few products that have it.
    known : what word search calls each word and each two neighbours joined, ascending.
    stem : what word search calls a word; None for stop words.
    """

    counts: Mapping[str, int]
    codes: Mapping[str, tuple[int, ...]]
    known: Known
    stem: Callable[[str], int | None]

    def holds(self, word: str) -> bool:
        """Whether the shop has the word in some form, or two neighbours that make it; stop words count as held."""
        if folded(word) in self.counts:
            return True
        stem = self.stem(word)
        if stem is None:
            return True
        place = int(np.searchsorted(self.known, stem))
        return place < len(self.known) and int(self.known[place]) == stem


def stemmer(lexical: QueryLexicalEncoder) -> Callable[[str], int | None]:
    """What word search calls a single word, the last ones remembered; None for stop words and signs."""

    @lru_cache(maxsize=_REMEMBERED)
    def stem(word: str) -> int | None:
        vector = lexical.encode_query(word)
        return None if vector is None else int(vector.indices[0])

    return stem


def make_vocabulary(
    pages: Iterable[Sequence[ProductWords]], lexical: QueryLexicalEncoder, pause: Callable[[], None] = lambda: None
) -> Vocabulary:
    """Read a catalogue.

    Parameters
    ----------
    pause : called after each page, so that answers are not kept waiting.
    """
    counts: Counter[str] = Counter()
    codes: dict[str, tuple[int, ...]] = {}
    known: Known = np.empty(0, np.uint32)
    shared = lru_cache(maxsize=_REMEMBERED)(words_of)  # brands and categories come again and again
    waiting: set[str] = set()
    for page in pages:
        for product in page:
            facts = _facts(product)
            waiting.update((product.name, *facts))
            counts.update({*words_of(product.name), *(word for text in facts for word in shared(text))})
            for code in set(codes_of(product.name)) if len(codes) < MAX_CODES else ():
                codes[code] = (*codes.get(code, ()), product.id)[: _SHARED_BY + 1]
        if len(waiting) > _REMEMBERED:
            known, waiting = _joined(known, waiting, lexical), set()
        pause()
    known = _joined(known, waiting, lexical)
    frequent = counts.most_common(MAX_WORDS)
    words = {word: count for word, count in frequent if len(word) >= _SHORTEST and word.isalpha()}
    telling = {code: ids for code, ids in codes.items() if len(ids) <= _SHARED_BY}
    return Vocabulary(words, telling, known, stemmer(lexical))


def _facts(product: ProductWords) -> list[str]:
    """All texts of a product but its name."""
    values = [value for value in facts(product.attributes).values() if not isinstance(value, bool)]
    told = [part for value in values for part in (value if isinstance(value, list) else [value])]
    return [*([product.brand] if product.brand else []), *product.category, *product.tags, *map(str, told)]


def _joined(known: Known, texts: Iterable[str], lexical: QueryLexicalEncoder) -> Known:
    if len(known) >= MAX_KNOWN:
        return known
    vectors = (lexical.encode_query(text) for text in texts)
    return np.unique(np.concatenate([known, *(v.indices for v in vectors if v is not None)]))
