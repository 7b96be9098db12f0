"""Which products are one product to a shopper: the same thing in another size or colour."""

import re
from collections import Counter
from collections.abc import Hashable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from config.params import Params
from config.search import Variants
from service.store.serving import ServingRow
from service.words.plain import folded, plain

VARIANT = "variant:"
"""How the reason of a product begins that another variant stands for; the internal id of that one follows."""

_ATTRIBUTE = "attributes."
_CUT_OFF = ("...", "…")
_PART = re.compile(r"[()\[\],;|/]|\s[-–—:]\s")
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*(?:\+(?!\w))?")  # "Pro+" is not "Pro"
_LETTERS = frozenset(("xxs", "xs", "s", "m", "l", "xl", "xxl", "xxxl"))
_NO_MODEL = frozenset(("xxs", "xl", "xxl", "xxxl"))  # sizes at the end of a name; S, X and XS may be a model
_NOT_A_COLOUR = frozenset(("color", "colour", "and"))
_LONGEST_COLOUR = 3
_ENDS = r"(?=\s*(?:[()\[\],;|]|\s[-–—]\s|$))"
# Storage and packs anywhere; weights and volumes only where a part of the name ends: "14 L purifier" names a model. One
# digit before g is no weight but 5G.
_SIZE = re.compile(
    r"(?<![\w.,])(?:pack of \d+|\d+ ?(?:pcs|pieces)|\d+(?:[.,]\d+)?[ -]?(?:gb|tb|mb)"
    rf"|\d+(?:[.,]\d+)?[ -]?(?:kgs?|ml|ltrs?|litres?|liters?|l){_ENDS}"
    rf"|\d\d+(?:[.,]\d+)?[ -]?(?:g|gms?|grams?){_ENDS})(?![\w/])"
)


@dataclass(frozen=True, slots=True)
class VariantRules:
    """What makes products variants of one.

    Attributes
    ----------
    group : attributes that variants share, and others do not. own : those that tell them apart, whose words are left
        out of their names. same : those they do not differ in. colours : words for colours.
    """

    group: tuple[str, ...]
    own: tuple[str, ...]
    same: tuple[str, ...]
    colours: frozenset[str]


def variant_rules(params: Params) -> VariantRules:
    """As ``[variants]`` has them."""
    own = [field for kind in params.variants.name_traits for field in params.search.trait_fields.get(kind, ())]
    return _rules(params.variants, _names(own))


@lru_cache(maxsize=8)  # one set of words for all requests: what is remembered of names goes by it
def _rules(variants: Variants, own: tuple[str, ...]) -> VariantRules:
    return VariantRules(_names(variants.group_fields), own, _names(variants.same_fields), frozenset(variants.colours))


def _names(fields: Sequence[str]) -> tuple[str, ...]:
    return tuple(field.removeprefix(_ATTRIBUTE) for field in fields)


def groups_of(rows: Sequence[ServingRow], names: Mapping[int, str], rules: VariantRules) -> list[Hashable | None]:
    """Of each of these products what all its variants have in common; None for what is a product of its own.

    A name that two of them have in one and the same colour and size does not tell what is one product: "Men's watch".
    """
    groups: list[Hashable | None] = []
    times: Counter[tuple[Hashable, tuple[str, ...]]] = Counter()
    for row in rows:
        group = shop_group(row, rules)
        if group is None:
            own = own_traits(row, rules)
            group = name_group(row, names.get(row.id, ""), own, rules)
            times[group, own] += bool(own)
        groups.append(group)
    vague = {group for (group, _), count in times.items() if count > 1}
    return [None if group in vague else group for group in groups]


def shop_group(row: ServingRow, rules: VariantRules) -> Hashable | None:
    """The first of the shop's own group attributes that the product has."""
    for field in rules.group:
        if (value := row.attributes.get(field)) not in (None, "", []):
            return field, str(value)
    return None


def name_group(row: ServingRow, name: str, own: tuple[str, ...], rules: VariantRules) -> Hashable | None:
    """Brand, narrowest category, bare name, and all in which variants do not differ; None where the name does not tell.

    Parameters
    ----------
    own : colour and size of the product.
    """
    left = bare_name(name, own, rules.colours)
    if not left:
        return None
    same = [str(row.attributes.get(field)) for field in rules.same]
    return row.brand and row.brand.casefold(), row.category_path, left, *same


def own_traits(row: ServingRow, rules: VariantRules) -> tuple[str, ...]:
    """The product's own colour and size, as far as the shop says them."""
    values = [row.attributes.get(field) for field in rules.own]
    return tuple(str(one) for value in values if value for one in (value if isinstance(value, list) else [value]))


@lru_cache(maxsize=50_000)
def bare_name(name: str, own: tuple[str, ...], colours: frozenset[str]) -> tuple[str, ...] | None:
    """The words of a name but for sizes and colours; None for a name that was cut off, which may end in a model number.

    Parameters
    ----------
    own : the product's own colour and size. colours : words that end a part of a name which says nothing else.

    Examples
    --------
    >>> bare_name("Alba mug, light blue, 300 ml", (), frozenset({"blue"}))
    ('alba', 'mug')
    >>> bare_name("Blue shirt XL", ("blue",), frozenset()), bare_name("Blue Tea", (), frozenset({"blue"}))
    (('shirt',), ('blue', 'tea'))
    >>> bare_name("Phone 10 Pro+ (Blue Night, 8GB RAM, 128GB)", (), frozenset({"blue"}))
    ('phone', '10', 'pro+', 'blue', 'night', 'ram')
    """
    if name.rstrip().endswith(_CUT_OFF):
        return None
    its_own = {word for text in own for word in _WORD.findall(folded(plain(text)))}
    kept: list[str] = []
    for part in _PART.split(_SIZE.sub(" ", folded(plain(name)))):
        words = _WORD.findall(part)
        left = [word for word in words if word not in its_own]
        if kept and (_is_size(words) or _is_colour(left, colours)):
            continue
        kept += left[:-1] if len(left) > 1 and left[-1] in _NO_MODEL else left
    return tuple(kept)


def _is_size(words: Sequence[str]) -> bool:
    return bool(words) and (words[0] == "size" or (len(words) == 1 and words[0] in _LETTERS))


def _is_colour(words: Sequence[str], colours: frozenset[str]) -> bool:
    told = [word for word in words if word not in _NOT_A_COLOUR]
    return 0 < len(told) <= _LONGEST_COLOUR and (told[-1] in colours or all(word in colours for word in told))


def spare_variants(
    products: Sequence[int],
    groups: Sequence[Hashable | None],
    taken: MutableMapping[Hashable, int],
    kept: frozenset[int] = frozenset(),
) -> dict[int, str]:
    """The products that another variant stands for, each with that as its reason.

    Parameters
    ----------
    products : internal ids, the best first. groups : of each, as `groups_of` has them.
    taken : group -> the product that stands for it; those that stand for one now are added.
    kept : those that are never left out.

    Examples
    --------
    >>> spare_variants([1, 2, 3, 4, 5], ["mug", "mug", None, None, "lamp"], {"lamp": 9})
    {2: 'variant:1', 5: 'variant:9'}
    """
    spare: dict[int, str] = {}
    for product, group in zip(products, groups, strict=True):
        if group is None:
            continue
        first = taken.setdefault(group, product)
        if first != product and product not in kept:
            spare[product] = f"{VARIANT}{first}"
    return spare
