"""The one schema of filterable product fields: API filters, SQL and Qdrant payload indexes are derived from it."""

from enum import StrEnum


class FieldKind(StrEnum):
    """What a payload field holds, and so which conditions and which index it can have."""

    KEYWORD = "keyword"
    INTEGER = "integer"
    FLOAT = "float"
    BOOL = "bool"


PRODUCT_FIELDS: dict[str, FieldKind] = {
    "id": FieldKind.KEYWORD,  # the merchant's own id
    "tenant": FieldKind.KEYWORD,
    "brand": FieldKind.KEYWORD,
    "category": FieldKind.KEYWORD,  # every ancestor path, see `category_paths`
    "tags": FieldKind.KEYWORD,
    "currency": FieldKind.KEYWORD,
    "price": FieldKind.FLOAT,  # in major units: 12.99
    "discount": FieldKind.FLOAT,  # share of the original price, 0 to 1
    "rating": FieldKind.FLOAT,  # 0 to 5
    "review_count": FieldKind.INTEGER,
    "stock": FieldKind.INTEGER,
    "in_stock": FieldKind.BOOL,
    "visible": FieldKind.BOOL,
    "created_at": FieldKind.FLOAT,  # seconds since 1970, UTC; filters take ISO times too
}
"""Field name to kind. Attributes made filterable by configuration are added as ``attributes.<name>``."""

CATEGORY_SEPARATOR = " > "


def category_paths(category: tuple[str, ...]) -> list[str]:
    """Every ancestor of a category path, broad to narrow, so that one keyword match selects a whole subtree.

    Examples
    --------
    >>> category_paths(("Home", "Kitchen", "Mugs"))
    ['Home', 'Home > Kitchen', 'Home > Kitchen > Mugs']
    """
    return [CATEGORY_SEPARATOR.join(category[: depth + 1]) for depth in range(len(category))]


def with_attributes(names: tuple[str, ...]) -> dict[str, FieldKind]:
    """`PRODUCT_FIELDS` plus one keyword field per attribute name.

    Examples
    --------
    >>> with_attributes(("colour",))["attributes.colour"].value
    'keyword'
    """
    return PRODUCT_FIELDS | {f"attributes.{name}": FieldKind.KEYWORD for name in names}
