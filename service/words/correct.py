"""Misspelt words of a query, each replaced by the shop's nearest."""

from collections.abc import Callable

from service.words.plain import spans
from service.words.vocabulary import Vocabulary

_MOST = 12  # misspelt words of one query that are looked up


def correct(text: str, vocabulary: Vocabulary, nearest: Callable[[str], str | None]) -> tuple[str, dict[str, str]]:
    """A plain text with its unknown words replaced, and what was replaced by what.

    A word that the shop has is left alone; so are two neighbours that together make one.
    """
    places = spans(text)
    words = [text[start:end] for start, end in places]
    unknown = [at for at, word in enumerate(words) if not vocabulary.holds(word)][:_MOST]
    changed: dict[str, str] = {}
    for at in unknown:
        beside = [words[at] + words[at + 1]] if at + 1 < len(words) else []
        beside += [words[at - 1] + words[at]] if at else []
        meant = None if any(map(vocabulary.holds, beside)) else nearest(words[at])
        if meant is not None:
            changed[words[at]] = meant
    for (start, end), word in zip(reversed(places), reversed(words), strict=True):
        text = text[:start] + changed.get(word, word) + text[end:]
    return text, changed
