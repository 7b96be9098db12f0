"""A shop's own words, as far as reading its searches needs them; the index is left alone, so `serve` may go on."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session

from service.signals.signal import QueryLexicalEncoder
from service.store.catalogue_words import ProductWords, catalogue_words
from service.store.snapshots import get_snapshot, synonyms_name
from service.words.plain import words_of
from service.words.synonyms import Rule, parse_synonyms
from service.words.vocabulary import Vocabulary, make_vocabulary

_SHORTEST = 3


@dataclass(frozen=True, slots=True, eq=False)
class ShopWords:
    """What a shop calls its products.

    Attributes
    ----------
    categories : names of all levels, the most used first. synonyms : pairs (asked, also) in force.
    """

    vocabulary: Vocabulary
    categories: tuple[str, ...]
    synonyms: frozenset[tuple[str, str]]

    def unknown(self, query: str) -> list[str]:
        """The words of a query that no product has in its name, brand, category, tags or attributes."""
        words = [word for word in words_of(query) if len(word) >= _SHORTEST and word.isalpha()]
        return [word for word in dict.fromkeys(words) if not self.vocabulary.holds(word)]


def read_shop_words(
    session: Session, tenant: str, lexical: QueryLexicalEncoder, rules: tuple[Rule, ...] = ()
) -> ShopWords:
    """Read the catalogue's words and the synonyms in force.

    Parameters
    ----------
    rules : of the shop's file.
    """
    names: Counter[str] = Counter()

    def pages() -> Iterator[list[ProductWords]]:
        for page in catalogue_words(session, tenant):
            names.update(part for product in page for part in product.category)
            yield page

    vocabulary = make_vocabulary(pages(), lexical)
    stored = get_snapshot(session, synonyms_name(tenant))
    own, _ = parse_synonyms(stored.data["lines"]) if stored else ([], [])
    pairs = {(asked, also) for rule in (*rules, *own) for asked in rule.asked for also in rule.also}
    return ShopWords(vocabulary, tuple(name for name, _ in names.most_common()), frozenset(pairs))
