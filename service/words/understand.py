"""A query's words, read: what was misspelt, what else to look for, which product is named outright."""

from collections.abc import Set
from dataclasses import dataclass

from config.search import Search
from service.core.understood import TraitKind, Understood
from service.words.correct import correct
from service.words.nearest import Speller
from service.words.plain import codes_of, plain, spans
from service.words.synonyms import Synonyms
from service.words.units import inches_in_words, other_sizes
from service.words.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """What a shop's queries are read with."""

    vocabulary: Vocabulary
    speller: Speller
    synonyms: Synonyms


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
    asked = inches_in_words(plain(text))
    corrected: dict[str, str] = {}
    meant = asked
    if is_corrected and params.correct:
        meant, corrected = correct(asked, words.vocabulary, words.speller.nearest)
    sizes = other_sizes(meant, words.vocabulary)
    variants, also = _widened(meant, words.synonyms)
    parts = [(text, 1.0)]
    parts += [(meant, params.correction_weight)] if corrected else []
    parts += [(asked, 1.0)] if asked != plain(text) else []
    parts += [(variant, params.synonym_weight) for variant in (*variants, *sizes)]
    appended = [phrase for phrases in also.values() for phrase in phrases]
    read = meant if corrected or asked != plain(text) else text
    return Understood(" ".join([read, *appended]), tuple(parts), corrected, also, sizes, _coded(text, words.vocabulary))


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
