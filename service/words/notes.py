"""Which brands, categories, colours and the like a catalogue has, noted while it is read once."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from service.core.fields import CATEGORY_SEPARATOR
from service.core.understood import TraitKind
from service.store.catalogue_words import ProductWords
from service.words.plain import words_of

MAX_VALUES = 20_000  # of one kind
MAX_READ = 50_000  # products whose names are looked at to see how words are used
_ATTRIBUTE = "attributes."
_REMEMBERED = 10_000

Value = tuple[TraitKind, str, str]
"""A kind, the field where it stands, and the value there."""


class Notes:
    """Notes of the products that pass by.

    Parameters
    ----------
    fields : kind -> where its values stand, as in ``[search.trait_fields]``.

    Attributes
    ----------
    owners : value -> numbers of the products that have it, of the first `MAX_READ`. names : the words of those
        products' names, as places in `words`. prices, currencies : of all products.
    """

    def __init__(self, fields: Mapping[TraitKind, Sequence[str]]) -> None:
        self._fields: list[tuple[TraitKind, str]] = [
            (kind, field)
            for kind, some in fields.items()
            for field in some
            if field.startswith(_ATTRIBUTE) and kind not in ("price", "brand", "category")
        ]
        self._count: Counter[TraitKind] = Counter()
        self._words_of = lru_cache(maxsize=_REMEMBERED)(words_of)
        self.owners: dict[Value, array[int]] = {}
        self.words: dict[str, int] = {}
        self.names: list[array[int]] = []
        self.prices = array("f")
        self.currencies: set[str] = set()

    def watching(self, pages: Iterable[Sequence[ProductWords]]) -> Iterator[Sequence[ProductWords]]:
        """The pages of a catalogue, noted as they pass by."""
        for page in pages:
            for product in page:
                self._note(product)
            yield page

    def _note(self, product: ProductWords) -> None:
        number = len(self.names) if len(self.names) < MAX_READ else None
        for value in self._values(product):
            if value not in self.owners and self._count[value[0]] < MAX_VALUES:
                self._count[value[0]] += 1
                self.owners[value] = array("I")
            if number is not None and value in self.owners:
                self.owners[value].append(number)
        if number is not None:
            places = (self.words.setdefault(word, len(self.words)) for word in words_of(product.name))
            self.names.append(array("I", places))
        if product.price is not None:
            self.prices.append(product.price)
            self.currencies.update([product.currency] if product.currency else [])

    def _values(self, product: ProductWords) -> set[Value]:
        found: set[Value] = {("brand", "brand", product.brand)} if product.brand else set()
        for level in range(1, len(product.category) + 1):
            found.add(("category", "category", CATEGORY_SEPARATOR.join(product.category[:level])))
        found.update(("gender", "tags", tag) for tag in product.tags)
        for kind, field in self._fields:
            value = product.attributes.get(field.removeprefix(_ATTRIBUTE))
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str):
                    found.add((kind, field, one))
        return found
