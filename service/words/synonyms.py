"""Synonyms: lines like ``earbuds => earphones`` (one way) and ``tshirt, t-shirt, tee`` (all ways)."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.words.plain import words_of

MAX_LINES = 5000
MAX_CHARS = 300
MAX_PHRASES = 20
MAX_WORDS = 5
_MOST = 8  # phrases that one query is widened by
_ARROW = "=>"


@dataclass(frozen=True, slots=True)
class Rule:
    """What widens what: a query with one of `asked` also looks for all of `also` but the phrase itself."""

    asked: tuple[str, ...]
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that cannot be used; lines count from 1."""

    line: int
    says: str


@dataclass(frozen=True, slots=True, eq=False)
class Synonyms:
    """Rules, ready to be looked up.

    Attributes
    ----------
    also : what word search calls the words of a phrase -> what else to look for. longest : words of such a phrase.
    words : all that such phrases are made of, as word search calls it.
    """

    also: Mapping[tuple[Hashable, ...], tuple[str, ...]]
    longest: int
    name: Callable[[str], Hashable]
    words: frozenset[Hashable] = frozenset()

    def widen(self, words: Sequence[str]) -> list[tuple[int, int, str]]:
        """First word, word behind the last, and what else to look for there; the longest phrases have their way."""
        names = [self.name(word) for word in words]
        found: list[tuple[int, int, str]] = []
        at = 0
        while at < len(words) and len(found) < _MOST:
            ends = range(min(len(words), at + self.longest), at, -1)
            end = next((end for end in ends if tuple(names[at:end]) in self.also), None)
            if end is None:
                at += 1
                continue
            found += [(at, end, phrase) for phrase in self.also[tuple(names[at:end])]]
            at = end
        return found[:_MOST]


def parse_synonyms(lines: Iterable[str]) -> tuple[list[Rule], list[Wrong]]:
    """Rules of the good lines, and what is wrong with the others; empty lines and ``# remarks`` are neither.

    Examples
    --------
    >>> rules, wrong = parse_synonyms(["earbuds => earphones", "tee, tshirt", "mug => mug", "lamp =>"])
    >>> rules[0].asked, rules[0].also, [one.line for one in wrong]
    (('earbuds',), ('earphones',), [3, 4])
    """
    rules: list[Rule] = []
    wrong: list[Wrong] = []
    for number, line in enumerate(lines, 1):
        said = line.split("#", 1)[0].strip()
        if not said and "\x00" not in line:
            continue
        complaint = _complaint(line, said)
        if complaint is None and len(rules) >= MAX_LINES:
            wrong.append(Wrong(number, f"there are more than {MAX_LINES} lines; leave out those that are never used"))
            break
        if complaint is None:
            left, arrow, right = said.partition(_ARROW)
            rules.append(Rule(_phrases(left), _phrases(right if arrow else left)))
        else:
            wrong.append(Wrong(number, complaint))
    return rules, wrong


def make_synonyms(rules: Iterable[Rule], stem: Callable[[str], int | None]) -> Synonyms:
    """Rules by what word search calls their words, so that ``earbud`` finds what is said of ``earbuds``."""

    def name(word: str) -> Hashable:
        found = stem(word)
        return word if found is None else found

    also: dict[tuple[Hashable, ...], tuple[str, ...]] = {}
    for rule in rules:
        for phrase in rule.asked:
            key = tuple(map(name, words_of(phrase)))
            others = [other for other in rule.also if words_of(other) != words_of(phrase)]
            also[key] = tuple(dict.fromkeys((*also.get(key, ()), *others)))[:MAX_PHRASES]
    return Synonyms(also, max(map(len, also), default=0), name, frozenset(word for phrase in also for word in phrase))


def _complaint(line: str, said: str) -> str | None:
    left, arrow, right = said.partition(_ARROW)
    sides = [[words_of(phrase) for phrase in side.split(",")] for side in ((left, right) if arrow else (left,))]
    phrases = [phrase for side in sides for phrase in side]
    if any(sign == "\x00" or "\ud800" <= sign <= "\udfff" for sign in line):
        return "it holds a sign that no database keeps; leave it out"
    if len(line) > MAX_CHARS:
        return f"it has {len(line)} characters; at most {MAX_CHARS} are read"
    if _ARROW in right:
        return f"it has more than one {_ARROW}; write one line for each"
    if not all(phrases):
        return "one side, or the place between two commas, has no word"
    if not arrow and len(phrases) < 2:
        return f"a single phrase means nothing; write `a {_ARROW} b` or `a, b`"
    if len(phrases) > MAX_PHRASES:
        return f"it has {len(phrases)} phrases; at most {MAX_PHRASES} are allowed"
    if any(len(phrase) > MAX_WORDS for phrase in phrases):
        return f"a phrase has more than {MAX_WORDS} words"
    seen = set(map(tuple, sides[0]))
    if any(tuple(phrase) in seen for phrase in sides[-1]) if arrow else len(seen) < len(phrases):
        return "a phrase is its own synonym"
    return None


def _phrases(side: str) -> tuple[str, ...]:
    return tuple(" ".join(words_of(phrase)) for phrase in side.split(","))
