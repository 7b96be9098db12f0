"""The few columns a request checks before it shows a product, read as cheaply as possible."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Text, bindparam, select
from sqlmodel import Session

from service.store.payload import ancestors, epoch_seconds, is_in_stock
from service.store.sql_values import is_just, one_of_ids
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

    @property
    def in_stock(self) -> bool:
        """Whether it can be bought."""
        return is_in_stock(self.stock)

    def payload(self) -> dict[str, Any]:
        """The row as filters see it: equal to `product_payload` of the same product, but for its hash."""
        return {
            "id": self.external_id,
            "tenant": self.tenant,
            "brand": self.brand,
            "category": self.category,
            "tags": self.tags,
            "currency": self.currency,
            "price": self.price,
            "discount": self.discount,
            "rating": self.rating,
            "review_count": self.review_count,
            "stock": self.stock,
            "in_stock": self.in_stock,
            "visible": self.visible,
            "created_at": epoch_seconds(self.created_at),
            "attributes": self.attributes,
        }


_COLUMNS = [PRODUCT.c[name] for name in ServingRow._fields]
_QUERY = select(*_COLUMNS).where(
    one_of_ids(PRODUCT.c.id), is_just(PRODUCT.c.tenant, bindparam("tenant", type_=Text)), PRODUCT.c.deleted_at.is_(None)
)  # fmt: skip


def serving_rows(session: Session, tenant: str, ids: Iterable[int]) -> dict[int, ServingRow]:
    """Rows by internal key; missing and deleted products, and those of other tenants, are left out."""
    given = {"ids": list(ids), "tenant": tenant}
    return {row[0]: ServingRow._make(row) for row in session.connection().execute(_QUERY, given).all()}
