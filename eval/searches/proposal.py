"""Synonyms that could help, as lines a shop may keep."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from service.store.search_counts import Instead
from service.words.plain import words_of
from service.words.synonyms import parse_synonyms

Known = Collection[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """That those who ask for one thing could also be shown another; `why` says what speaks for it."""

    asked: str
    also: str
    why: str

    @property
    def line(self) -> str:
        """For the synonyms file, or `PUT /v1/synonyms`.

        Examples
        --------
        >>> Proposal("earbuds", "earphones", "tried next by 4 people").line
        'earbuds => earphones  # tried next by 4 people'
        """
        return f"{self.asked} => {self.also}  # {self.why}"


def differing(query: str, instead: str) -> tuple[str, str] | None:
    """The words in which a second try differs; None where it only says more, or less, than the first.

    Examples
    --------
    >>> differing("wireless earbuds", "wireless earphones")
    ('earbuds', 'earphones')
    >>> differing("mug", "red mug"), differing("blue unicorn mug", "mug")
    (None, None)
    """
    first, second = words_of(query), words_of(instead)
    while first and second and first[0] == second[0]:
        del first[0], second[0]
    while first and second and first[-1] == second[-1]:
        del first[-1], second[-1]
    if not first or not second or set(first) <= set(second) or set(second) <= set(first):
        return None
    return " ".join(first), " ".join(second)


def from_second_tries(tried: Iterable[Instead]) -> list[Proposal]:
    """What people found who tried again, said as synonyms; most people first."""
    return [
        Proposal(*pair, f"tried next by {one.people} people, who then took something")
        for one in tried
        if (pair := differing(one.query, one.instead))
    ]


def usable(proposals: Iterable[Proposal], known: Known, most: int) -> list[Proposal]:
    """The first ones that a shop could keep and does not yet, each pair once.

    Parameters
    ----------
    known : pairs (asked, also) of the synonyms in force.
    """
    seen = set(known)
    kept: list[Proposal] = []
    for one in proposals:
        pair = (one.asked, one.also)
        if pair not in seen and not parse_synonyms([one.line])[1]:
            seen.add(pair)
            kept.append(one)
    return kept[:most]


def lines_of(proposals: Iterable[Sequence[Proposal]]) -> list[str]:
    """The lines of all of them, each pair once."""
    pairs = {(one.asked, one.also): one.line for some in proposals for one in reversed(some)}
    return list(dict.fromkeys(pairs[one.asked, one.also] for some in proposals for one in some))
