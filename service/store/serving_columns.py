"""Serving rows as columns, for conditions on many products at once."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from service.core.columns import Texts
from service.store.payload import ancestors, epoch_seconds
from service.store.serving import ServingRow

_ATTRIBUTE = "attributes."
_STORED_AS = {"id": "external_id", "category": "category_path", "in_stock": "stock"}
_PLACE = {name: place for place, name in enumerate(ServingRow._fields)}


def column_of(field: str) -> str:
    """The column of the product table that a field is read from.

    Examples
    --------
    >>> column_of("category"), column_of("attributes.colour"), column_of("brand")
    ('category_path', 'attributes', 'brand')
    """
    return "attributes" if field.startswith(_ATTRIBUTE) else _STORED_AS.get(field, field)


class RowReader:
    """`core.columns.Reader` of rows, in their order, with fields as `ServingRow.payload` has them.

    Parameters
    ----------
    place : column -> where it stands in a row; None for serving rows.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> made = datetime(2025, 1, 1, tzinfo=UTC)
    >>> mug = ServingRow(7, "mug", "default", True, 0, 5.0, "EUR", 0.0, None, 0, made, None, "Home > Mugs", [], {})
    >>> reader = RowReader([mug])
    >>> keys, texts = reader.texts("category")
    >>> texts(keys[0]), reader.numbers("in_stock")
    (('Home', 'Home > Mugs'), [False])
    """

    def __init__(self, rows: Sequence[Sequence[Any]], place: Mapping[str, int] | None = None) -> None:
        self._rows = rows
        self._place = _PLACE if place is None else place

    def texts(self, field: str) -> Texts:
        """A keyword field."""
        if field.startswith(_ATTRIBUTE):
            name = field.removeprefix(_ATTRIBUTE)
            found = [attributes.get(name) for attributes in self._column("attributes")]
            if list in set(map(type, found)):
                found = [tuple(one) if isinstance(one, list) else one for one in found]
            return Texts(found, _each)
        if field == "tags":
            return Texts(list(map(tuple, self._column("tags"))), _each)
        return Texts(self._column(field), _paths if field == "category" else None)

    def numbers(self, field: str) -> Sequence[float | bool | None]:
        """Any other field."""
        values = self._column(field)
        if field == "in_stock":
            return [stock is None or stock > 0 for stock in values]  # `is_in_stock`, without 800 calls
        return [epoch_seconds(moment) for moment in values] if field == "created_at" else values

    def _column(self, field: str) -> list[Any]:
        return list(map(itemgetter(self._place[column_of(field)]), self._rows))


@lru_cache(maxsize=10_000)
def _paths(path: str | None) -> tuple[str, ...]:
    return tuple(ancestors(path))


def _each(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
