"""From expectations to products: which ids fulfil each condition of each golden query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from eval.golden.lines import ATTRIBUTE, Condition, Golden
from service.core.errors import InvalidQuery
from service.core.fields import CATEGORY_SEPARATOR
from service.core.types import Product
from service.store.payload import is_in_stock, major_price

_NAMED = 10
_BOTH = " + "


@dataclass(frozen=True, slots=True)
class Expected:
    """What a golden query may be answered with, by the merchant's ids.

    Attributes
    ----------
    ids : the products named. fulfil : condition -> products that may be shown and fulfil it.
    fitting : those that fulfil all conditions; empty without conditions.
    """

    ids: frozenset[str]
    fulfil: dict[Condition, frozenset[str]]
    fitting: frozenset[str]


def expect(golden: Sequence[Golden], products: Iterable[Product], name: str) -> tuple[list[Expected], list[str]]:
    """Look every expectation up in the catalogue, in one pass over it.

    Parameters
    ----------
    name : what to call the file in an error.

    Returns
    -------
    tuple : one `Expected` per golden query, and the ids named that are hidden or sold out, so can never be found.

    Raises
    ------
    InvalidQuery : ids that no product has, or a condition that none fulfils; one line that names them all.
    """
    conditions = {condition for entry in golden for condition in entry.conditions}
    fulfil: dict[Condition, set[str]] = {condition: set() for condition in conditions}
    words: dict[str, set[str]] = {condition.field: set() for condition in conditions}
    wanted = {product_id for entry in golden for product_id in entry.ids}
    known, unseen = set(), set()
    for product in products:
        may_be_shown = product.visible and is_in_stock(product.stock)
        if product.external_id in wanted:
            known.add(product.external_id)
            unseen |= set() if may_be_shown else {product.external_id}
        if may_be_shown:
            for field, seen in words.items():
                seen.update(_words(product, field))
            for condition, ids in fulfil.items():
                if fulfils(product, condition):
                    ids.add(product.external_id)
    _refuse_unknown(golden, known, name)
    for entry in golden:
        for condition in entry.conditions:
            if not fulfil[condition]:
                raise InvalidQuery(_nobody(entry, condition, words[condition.field], name), code="invalid_golden")
    expected = [_expected(entry, fulfil) for entry in golden]
    for entry, found in zip(golden, expected, strict=True):
        if entry.conditions and not found.fitting:
            raise InvalidQuery(
                f"{name}, line {entry.line}: no product that may be shown fulfils all of "
                f"{', '.join(c.field for c in entry.conditions)} at once; loosen them",
                code="invalid_golden",
            )
    return expected, sorted(unseen)


def fulfils(product: Product, condition: Condition) -> bool:
    """Whether a product has what is asked; words without regard to case, categories by path or by any of its levels.

    A name with ``boat + earbuds`` must have both.

    Examples
    --------
    >>> mug = Product("1", "Red mug", category=("Home", "Kitchen"), price_minor=500, currency="EUR")
    >>> asked = (("category", ("kitchen",)), ("name", ("MUG + red",)), ("max_price", ("4",)))
    >>> [fulfils(mug, Condition(*one)) for one in asked]
    [True, True, False]
    """
    kind, _, field = condition.field.rpartition("_")
    if kind in ("min", "max"):
        value = product.rating if field == "rating" else major_price(product.price_minor, product.currency)
        bound = condition.number
        return value is not None and (value >= bound if kind == "min" else value <= bound)
    asked = {value.casefold() for value in condition.values}
    if condition.field == "name":
        name = product.name.casefold()
        return any(all(part.strip() in name for part in words.split(_BOTH)) for words in asked)
    return any(word.casefold() in asked for word in _words(product, condition.field))


def _words(product: Product, field: str) -> list[str]:
    if field.startswith(ATTRIBUTE):
        value = product.attributes.get(field.removeprefix(ATTRIBUTE))
        return [] if value is None else [str(v) for v in value] if isinstance(value, tuple) else [str(value)]
    if field == "brand":
        return [product.brand] if product.brand else []
    if field == "tags":
        return list(product.tags)
    if field == "category":
        levels = range(1, len(product.category) + 1)
        return [*product.category, *(CATEGORY_SEPARATOR.join(product.category[:level]) for level in levels)]
    return []


def _refuse_unknown(golden: Sequence[Golden], known: set[str], name: str) -> None:
    missing = [(entry.line, i) for entry in golden for i in entry.ids if i not in known]
    if missing:
        listed = ", ".join(f"{product_id} (line {line})" for line, product_id in missing[:_NAMED])
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise InvalidQuery(
            f"{name}: no product has the id {listed}{more}; correct them, or load these products first",
            code="invalid_golden",
        )


def _nobody(entry: Golden, condition: Condition, seen: set[str], name: str) -> str:
    close = get_close_matches(condition.values[0], sorted(seen), n=3, cutoff=0.5)
    hint = f"; did you mean {', '.join(close)}?" if close else ""
    asked = ", ".join(condition.values)
    return f"{name}, line {entry.line}: no product that may be shown has {condition.field}: {asked}{hint}"


def _expected(entry: Golden, fulfil: dict[Condition, set[str]]) -> Expected:
    found = {condition: frozenset(fulfil[condition]) for condition in entry.conditions}
    fitting = frozenset.intersection(*found.values()) if found else frozenset()
    return Expected(frozenset(entry.ids), found, fitting)
