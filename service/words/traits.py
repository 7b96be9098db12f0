"""Words of a query that name what products have, as filters or boosts."""

from collections.abc import Set

from config.search import Search
from service.core.understood import Trait, TraitKind
from service.words.named import Named, names_in
from service.words.plain import folded
from service.words.price import Priced
from service.words.synonyms import Synonyms
from service.words.vocabulary import Vocabulary

_MOST = 12


def wanted_kinds(params: Search, ignore: Set[TraitKind]) -> frozenset[TraitKind]:
    """The kinds of traits that a query is read for."""
    return frozenset(kind for kind, mode in params.traits.items() if mode != "off" and kind not in ignore)


def price_traits(text: str, priced: list[Priced], params: Search) -> tuple[Trait, ...]:
    """A trait for each price phrase of a text."""
    return tuple(Trait("price", text[one.start : one.end], one.wanted, _weight("price", params)) for one in priced)


def word_traits(
    typed: list[str],
    meant: list[str],
    named: Named,
    vocabulary: Vocabulary,
    synonyms: Synonyms,
    params: Search,
    kinds: frozenset[TraitKind],
) -> tuple[Trait, ...]:
    """A trait for each name among the words of a query, each kind's value once.

    Words are read as they were meant first, then with synonyms in their places.

    Parameters
    ----------
    typed, meant : the words as they were typed, and as they are spelt in the shop; of one length.
    """
    found: dict[object, Trait] = {}
    taken: set[int] = set()
    for words, places in ((meant, [(at, at + 1) for at in range(len(meant))]), _replaced(meant, synonyms)):
        for one in names_in([folded(word) for word in words], named, vocabulary.stem, kinds):
            first, behind = places[one.first][0], places[one.behind - 1][1]
            if taken.isdisjoint(range(first, behind)):
                taken.update(range(first, behind))
                said = " ".join(typed[first:behind])
                trait = Trait(one.name.kind, said, one.name.wanted, _weight(one.name.kind, params))
                found.setdefault((trait.kind, trait.wanted), trait)
    return tuple(found.values())[:_MOST]


def _replaced(words: list[str], synonyms: Synonyms) -> tuple[list[str], list[tuple[int, int]]]:
    """The words with the first synonym of each phrase in its place, and which words each of them stands for."""
    also = {first: (behind, phrase) for first, behind, phrase in reversed(synonyms.widen(words))}
    if not also:
        return [], []
    read: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    while at < len(words):
        behind, phrase = also.get(at, (at + 1, words[at]))
        some = phrase.split()
        read += some
        places += [(at, behind)] * len(some)
        at = behind
    return read, places


def _weight(kind: TraitKind, params: Search) -> float | None:
    mode = params.traits.get(kind)
    return mode if isinstance(mode, float | int) else None
