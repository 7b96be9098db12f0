"""The few columns a request checks before it shows a product, read as cheaply as possible."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import Session

from service.store.payload import ancestors, epoch_seconds, is_in_stock
from service.store.sql_values import one_of
from service.store.tables import PRODUCT


class ServingRow(NamedTuple):
    """What decides whether and where a product may be shown, as it is right now.

    A named tuple, not a dataclass: some hundreds are made per request, and this takes a third of the time.
    """

    id: int
    external_id: str
    tenant: str
    visible: bool
    stock: int | None
    price: float | None
    currency: str | None
    discount: float | None
    rating: float | None
    review_count: int
    created_at: datetime
    brand: str | None
    category_path: str | None
    tags: list[str]
    attributes: dict[str, Any]

    @property
    def category(self) -> list[str]:
        """Every ancestor path, broad to narrow, as filters see it."""
        return ancestors(self.category_path)


_COLUMNS = [PRODUCT.c[name] for name in ServingRow._fields]


def serving_rows(session: Session, ids: Iterable[int]) -> dict[int, ServingRow]:
    """Rows by internal key; missing and deleted products are left out."""
    query = select(*_COLUMNS).where(one_of(PRODUCT.c.id, list(ids)), PRODUCT.c.deleted_at.is_(None))
    return {row[0]: ServingRow._make(row) for row in session.connection().execute(query).all()}


def serving_payload(row: ServingRow) -> dict[str, Any]:
    """The row as filters see it: equal to `product_payload` of the same product, but for its hash."""
    return {
        "id": row.external_id,
        "tenant": row.tenant,
        "brand": row.brand,
        "category": row.category,
        "tags": row.tags,
        "currency": row.currency,
        "price": row.price,
        "discount": row.discount,
        "rating": row.rating,
        "review_count": row.review_count,
        "stock": row.stock,
        "in_stock": is_in_stock(row.stock),
        "visible": row.visible,
        "created_at": epoch_seconds(row.created_at),
        "attributes": row.attributes,
    }
