"""A query's words, read: what was misspelt, what else to look for, what products must have, which one is named."""

from collections.abc import Set
from dataclasses import dataclass, field

from config.search import Search
from service.core.understood import Trait, TraitKind, Understood
from service.words.correct import correct
from service.words.named import Named
from service.words.nearest import Speller
from service.words.plain import codes_of, plain, spans, words_of
from service.words.price import prices_named, without
from service.words.synonyms import Synonyms
from service.words.traits import price_traits, wanted_kinds, word_traits
from service.words.units import inches_in_words, other_sizes
from service.words.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """What a shop's queries are read with."""

    vocabulary: Vocabulary
    speller: Speller
    synonyms: Synonyms
    named: Named = field(default_factory=Named)

    def nearest(self, word: str) -> str | None:
        """The shop's word that a misspelt one was meant to be; what has a synonym is not misspelt."""
        return None if self.synonyms.name(word) in self.synonyms.words else self.speller.nearest(word)


def understand(
    text: str,
    words: Words | None,
    params: Search,
    *,
    is_corrected: bool = True,
    ignore: Set[TraitKind] = frozenset(),
) -> Understood:
    """Read a query; without `words` it is taken as it stands.

    Parameters
    ----------
    is_corrected : False leaves misspelt words as they are. ignore : kinds of traits that nothing is to be read as.
    """
    if words is None:
        return Understood(text, ((text, 1.0),))
    kinds = wanted_kinds(params, ignore)
    asked, priced = _without_prices(text, words, params, kinds)
    typed = asked if priced else text
    corrected: dict[str, str] = {}
    meant = asked
    if is_corrected and params.correct:
        meant, corrected = correct(asked, words.vocabulary, words.nearest)
    sizes = other_sizes(meant, words.vocabulary)
    variants, also = _widened(meant, words.synonyms)
    parts = [(typed, 1.0)]
    parts += [(meant, params.correction_weight)] if corrected else []
    parts += [(asked, 1.0)] if asked != plain(typed) else []
    parts += [(variant, params.synonym_weight) for variant in (*variants, *sizes)]
    appended = [phrase for phrases in also.values() for phrase in phrases]
    read = meant if corrected or asked != plain(typed) else typed
    traits = word_traits(_words(asked), _words(meant), words.named, words.vocabulary, words.synonyms, params, kinds)
    return Understood(
        " ".join([read, *appended]), tuple(parts), corrected, also, sizes, _coded(text, words.vocabulary),
        (*priced, *traits),
    )  # fmt: skip


def _without_prices(text: str, words: Words, params: Search, kinds: Set[TraitKind]) -> tuple[str, tuple[Trait, ...]]:
    """What is asked for, and what it may cost; a query that says nothing else stays as it is."""
    asked = inches_in_words(plain(text))
    if "price" not in kinds:
        return asked, ()
    found = prices_named(asked, words.named.prices, words.vocabulary.holds)
    left = without(asked, [(one.start, one.end) for one in found]) if found else asked
    says_more = any(words.vocabulary.stem(word) is not None for word in words_of(left))
    return left if says_more else asked, price_traits(asked, found, params)


def _words(text: str) -> list[str]:
    return [text[start:end] for start, end in spans(text)]


def _widened(text: str, synonyms: Synonyms) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """The text with each synonym in its place, and which synonyms were found for what."""
    places = spans(text)
    variants: list[str] = []
    also: dict[str, tuple[str, ...]] = {}
    for first, behind, phrase in synonyms.widen([text[start:end] for start, end in places]):
        start, end = places[first][0], places[behind - 1][1]
        variants.append(text[:start] + phrase + text[end:])
        also[text[start:end]] = (*also.get(text[start:end], ()), phrase)
    return variants, also


def _coded(text: str, vocabulary: Vocabulary) -> tuple[int, ...]:
    found = [product for code in codes_of(text) for product in vocabulary.codes.get(code, ())]
    return tuple(dict.fromkeys(found))
