"""Serving rows as columns, for conditions on many products at once."""

from collections.abc import Callable, Sequence
from typing import Any

from service.store.payload import ancestors, epoch_seconds, is_in_stock
from service.store.serving import ServingRow

_ATTRIBUTE = "attributes."


def column_reader(rows: Sequence[ServingRow]) -> Callable[[str], Sequence[Any]]:
    """Field -> its values in the order of `rows`, as `ServingRow.payload` has them.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> made = datetime(2025, 1, 1, tzinfo=UTC)
    >>> mug = ServingRow(7, "mug", "default", True, 0, 5.0, "EUR", 0.0, None, 0, made, None, "Home > Mugs", [], {})
    >>> read = column_reader([mug])
    >>> read("category"), read("in_stock"), read("id")
    ([('Home', 'Home > Mugs')], [False], ('mug',))
    """
    columns: dict[str, Sequence[Any]] = dict(zip(ServingRow._fields, zip(*rows, strict=True), strict=False))

    def read(field: str) -> Sequence[Any]:
        if not rows:
            return ()
        match field:
            case "id":
                return columns["external_id"]
            case "category":
                paths = {path: tuple(ancestors(path)) for path in set(columns["category_path"])}
                return [paths[path] for path in columns["category_path"]]
            case "in_stock":
                return [is_in_stock(stock) for stock in columns["stock"]]
            case "created_at":
                return [epoch_seconds(moment) for moment in columns["created_at"]]
        if field.startswith(_ATTRIBUTE):
            name = field.removeprefix(_ATTRIBUTE)
            return [attributes.get(name) for attributes in columns["attributes"]]
        return columns[field]

    return read
