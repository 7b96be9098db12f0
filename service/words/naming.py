"""From what a catalogue has to what the words of a query may stand for, judged by how names use them."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from service.core.fields import CATEGORY_SEPARATOR
from service.core.filters import Filter, Match
from service.core.understood import TraitKind
from service.words.gender import groups_of, suits
from service.words.named import LONGEST, Key, Name, Named, joined
from service.words.notes import Notes, Value
from service.words.plain import words_of
from service.words.price import Prices

_CHEAPEST = 0.01  # share of the products that may cost less than what counts as a price without a sign
_OWN = 0.1  # of the products with a brand's or colour's word in their name, the share that must have it
_OWN_CATEGORY = 0.5  # the same of a category: "home" is a word of too many names to stand for "Home & Kitchen"
_TELLS = 0.5  # share of the shop from which a category says nothing
_LIFT = 2.0  # of a category that only a part of its name stands for
_LEADS = 5  # names that begin with a word, at least, for products to be called by it
_LED = 0.3  # and their share of the names that have it
_AT_ONCE = 500  # names, between two pauses
_SEGMENT = re.compile(r"[&,/|+]|\band\b")
_NAMING: tuple[TraitKind, ...] = ("brand", "category", "colour", "size", "material")

Ordinals = NDArray[np.uint32]
Stem = Callable[[str], int | None]


@dataclass(slots=True)
class _Choice:
    """What a name may stand for: values that it is all of, and those that it is a part of."""

    whole: set[Value] = field(default_factory=set)
    part: set[Value] = field(default_factory=set)
    spelt: set[str] = field(default_factory=set)


def make_named(notes: Notes, stem: Stem, pause: Callable[[], None] = lambda: None) -> Named:
    """The names of a catalogue.

    Parameters
    ----------
    stem : see `Vocabulary`. pause : called now and then, so that answers are not kept waiting.
    """
    choices = _choices(notes.owners, stem)
    used = _used(notes, choices, stem, pause)
    by_words: dict[Key, tuple[Name, ...]] = {}
    whole: dict[str, tuple[Name, ...]] = {}
    for place, (key, choice) in enumerate(choices.items()):
        names = _judged(choice, used.get(key, np.empty(0, np.uint32)), notes)
        if names:
            by_words[key] = names
            whole |= dict.fromkeys(choice.spelt, names)
        if place % _AT_ONCE == 0:
            pause()
    owners = notes.owners
    return Named(by_words, whole, _sizes(owners), _genders(owners), _span(notes), _leading(notes, stem))


def _choices(owners: Iterable[Value], stem: Stem) -> dict[Key, _Choice]:
    found: dict[Key, _Choice] = defaultdict(_Choice)
    for value in owners:
        kind, _, text = value
        if kind not in _NAMING or (kind == "size" and _is_short(text)):
            continue
        for words, is_whole in _names_of(kind, text):
            key = tuple(one for one in map(stem, words) if one is not None)
            if key and len(words) <= LONGEST:
                choice = found[key]
                (choice.whole if is_whole else choice.part).add(value)
                choice.spelt.add(joined(words))
    return found


def _names_of(kind: TraitKind, text: str) -> Iterator[tuple[list[str], bool]]:
    """The words of a value; of a category also what it is said to be in the end: "shoes" of "Men's Shoes"."""
    part = text.rsplit(CATEGORY_SEPARATOR, 1)[-1] if kind == "category" else text
    words = words_of(part)
    if words and not (len(words) == 1 and (len(words[0]) < 2 or words[0].isdigit())):
        yield words, True
    if kind != "category":
        return
    for segment in _SEGMENT.split(part.casefold()):
        some = words_of(segment)
        for first in range(len(some)):
            if some[first:] != words and len(some[-1]) > 1:
                yield some[first:], False


def _used(notes: Notes, choices: Iterable[Key], stem: Stem, pause: Callable[[], None]) -> dict[Key, Ordinals]:
    """Name -> numbers of the products that have it in their own name."""
    lengths: dict[int, set[int]] = defaultdict(set)
    for key in choices:
        lengths[key[0]].add(len(key))
    wanted = set(choices)
    stems = []
    for place, word in enumerate(notes.words):
        stems.append(stem(word))
        if place % _AT_ONCE == 0:
            pause()
    found: dict[Key, list[int]] = defaultdict(list)
    for number, name in enumerate(notes.names):
        row = [one for place in name if (one := stems[place]) is not None]
        for at, first in enumerate(row):
            for length in lengths.get(first, ()):
                key = tuple(row[at : at + length])
                if key in wanted:
                    found[key].append(number)
        if number % _AT_ONCE == 0:
            pause()
    return {key: np.unique(np.array(numbers, np.uint32)) for key, numbers in found.items()}


def _judged(choice: _Choice, used: Ordinals, notes: Notes) -> tuple[Name, ...]:
    """What a name stands for, most products first."""
    found: list[tuple[int, Name]] = []
    for kind in _NAMING:
        whole = [value for value in choice.whole if value[0] == kind]
        values = whole + [value for value in choice.part if value[0] == kind and _is_telling(value, used, notes)]
        if not values:
            continue
        having = _having(notes, values)
        own = np.isin(used, having, assume_unique=True).mean() if len(used) else None
        is_meant = bool(whole) if own is None else own >= (_OWN_CATEGORY if kind == "category" else _OWN)
        tells = kind != "category" or len(having) <= _TELLS * len(notes.names)
        if is_meant and tells:
            found.append((len(having), Name(kind, _wanted(values))))
    return tuple(name for _, name in sorted(found, key=lambda one: -one[0]))


def _is_telling(value: Value, used: Ordinals, notes: Notes) -> bool:
    """Whether products with the name in their own are at least twice as often in a category as all products are."""
    having = _having(notes, [value])
    own = np.isin(used, having, assume_unique=True).mean() if len(used) else 0.0
    return bool(own * len(notes.names) >= _LIFT * len(having))


def _having(notes: Notes, values: Sequence[Value]) -> Ordinals:
    return np.unique(np.concatenate([np.frombuffer(notes.owners[value], np.uint32) for value in values]))


def _wanted(values: Iterable[Value]) -> Filter:
    by_field: dict[str, list[str]] = defaultdict(list)
    for _, where, text in sorted(values):
        by_field[where].append(text)
    matches = tuple(Match(where, tuple(texts)) for where, texts in by_field.items())
    return Filter(must=matches) if len(matches) == 1 else Filter(should=matches)


def _is_short(text: str) -> bool:
    return len(text.strip()) < 2 or text.strip().replace(".", "").isdigit()


def _sizes(owners: Iterable[Value]) -> dict[str, Filter]:
    found: dict[str, list[Value]] = defaultdict(list)
    for value in owners:
        words = words_of(value[2]) if value[0] == "size" else []
        if len(words) == 1:
            found[words[0]].append(value)
    return {word: _wanted(values) for word, values in found.items()}


def _genders(owners: Iterable[Value]) -> dict[str, Filter]:
    """Group of people -> the products made for them; groups that only share those of others are left out."""
    made_for: dict[str, list[Value]] = defaultdict(list)
    for value in owners:
        if value[0] in ("gender", "category"):
            for group in groups_of(words_of(value[2].rsplit(CATEGORY_SEPARATOR, 1)[-1])):
                made_for[group].append(value)
    return {
        group: _wanted({value for other in suits(group) for value in made_for.get(other, ())}) for group in made_for
    }


def _span(notes: Notes) -> Prices | None:
    prices = np.frombuffer(notes.prices, np.float32)
    if not len(prices):
        return None
    low = float(np.quantile(prices, _CHEAPEST))
    return Prices(low, float(prices.max()), tuple(sorted(notes.currencies)))


def _leading(notes: Notes, stem: Stem) -> frozenset[int]:
    first, having = np.zeros((2, len(notes.words)), np.int64)
    for name in filter(len, notes.names):
        first[name[0]] += 1
        having[list(set(name))] += 1
    words = list(notes.words)
    leading = [words[place] for place in np.flatnonzero((first >= _LEADS) & (first >= _LED * having))]
    found = (stem(word) for word in leading if len(word) > 1 and not word.isdigit())
    return frozenset(one for one in found if one is not None)
