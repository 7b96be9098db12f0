"""What a file can be loaded as: the fields a column can be mapped to, and those no file can do without."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """Products or events.

    Attributes
    ----------
    folder : where its formats lie, below ``config/formats``.
    fields : what a column can be mapped to, beside ``ignore`` and, for products, ``attributes.<name>``.
    needed : of each group at least one field has a column.
    """

    name: str
    folder: str
    fields: tuple[str, ...]
    needed: tuple[tuple[str, ...], ...]
    has_attributes: bool


PRODUCTS = Kind(
    name="products",
    folder="",
    fields=(
        "id", "name", "description", "brand", "category", "price", "original_price", "currency", "rating",
        "review_count", "image", "link", "stock", "visible", "tags", "created_at",
    ),
    needed=(("id",), ("name",)),
    has_attributes=True,
)  # fmt: skip

EVENTS = Kind(
    name="events",
    folder="events",
    fields=(
        "event_id", "user", "session", "type", "product", "query", "value", "at", "request_id", "position",
    ),
    needed=(("user", "session"), ("type",), ("product", "query"), ("at",)),
    has_attributes=False,
)  # fmt: skip
