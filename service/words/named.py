"""What products have, by the words that name it: brands, categories, colours, sizes, materials, whom it is for."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from service.core.filters import Filter
from service.core.understood import TraitKind
from service.words.gender import group_of
from service.words.price import Prices

LONGEST = 5  # words of a name
_LEAST_JOINED = 4  # letters
_SIZE = ("size", "sizes", "sz")

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """What some words stand for."""

    kind: TraitKind
    wanted: Filter


@dataclass(frozen=True, slots=True)
class Found:
    """Words of a query that name something: the first of them, and the one behind the last."""

    first: int
    behind: int
    name: Name


@dataclass(frozen=True, slots=True)
class Named:
    """The names of a shop.

    Attributes
    ----------
    by_words : what word search calls the words of a name -> what it may stand for, likeliest first.
    joined : the words of a name as one -> the same. sizes : value -> the products of that size, for "size 9".
    genders : group of people -> the products for them. prices : what its products cost, if they have prices.
    leading : what word search calls the words that names mostly begin with: brands, where they stand nowhere else.
    """

    by_words: Mapping[Key, tuple[Name, ...]] = field(default_factory=dict)
    joined: Mapping[str, tuple[Name, ...]] = field(default_factory=dict)
    sizes: Mapping[str, Filter] = field(default_factory=dict)
    genders: Mapping[str, Filter] = field(default_factory=dict)
    prices: Prices | None = None
    leading: frozenset[int] = frozenset()


def joined(words: Sequence[str]) -> str:
    """Words written as one, a plural like its singular.

    Examples
    --------
    >>> joined(["t", "shirts"]), joined(["tshirt"])
    ('tshirt', 'tshirt')
    """
    whole = "".join(words)
    return whole[:-1] if whole.endswith("s") and not whole.endswith("ss") else whole


def names_in(
    words: Sequence[str], named: Named, stem: Callable[[str], int | None], kinds: Collection[TraitKind]
) -> Iterator[Found]:
    """What some words name, from left to right; the longest name has its way.

    Parameters
    ----------
    words : plain, without accents. kinds : what is looked for.
    """
    stems = [stem(word) for word in words]
    at = 0
    while at < len(words):
        found = _sized(words, at, named, kinds) or _longest(words, stems, at, named, kinds)
        if found is not None:
            yield found
        at = found.behind if found is not None else at + 1


def _longest(
    words: Sequence[str], stems: Sequence[int | None], at: int, named: Named, kinds: Collection[TraitKind]
) -> Found | None:
    if stems[at] is None and len(words[at]) > 1:
        return None  # a stop word; the "t" of "t shirt" is one too
    for behind in range(min(len(words), at + LONGEST), at, -1):
        if stems[behind - 1] is None:
            continue
        key = tuple(one for one in stems[at:behind] if one is not None)
        choices = named.by_words.get(key, ()) if stems[at] is not None else ()
        if not choices:
            whole = joined(words[at:behind])
            choices = named.joined.get(whole, ()) if len(whole) >= _LEAST_JOINED else ()
        name = next((one for one in choices if one.kind in kinds), None)
        if name is not None:
            return Found(at, behind, name)
    group = group_of(words[at])
    if group is not None and group in named.genders and "gender" in kinds:
        return Found(at, at + 1, Name("gender", named.genders[group]))
    return None


def _sized(words: Sequence[str], at: int, named: Named, kinds: Collection[TraitKind]) -> Found | None:
    """ "size 9" and "9 size": what is too short to be told from other words without it."""
    if "size" not in kinds or at + 1 >= len(words):
        return None
    one, two = words[at : at + 2]
    value = two if one in _SIZE else one if two in _SIZE else None
    wanted = named.sizes.get(value) if value is not None else None
    return None if wanted is None else Found(at, at + 2, Name("size", wanted))
