"""What a card shows of a product and nothing else: for answers with thousands of them."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session

from service.store.sql_values import one_of_ids
from service.store.tables import PRODUCT


class CardRow(NamedTuple):
    """A product as a list shows it; a named tuple because thousands are made for one answer."""

    id: int
    external_id: str
    name: str
    category_path: str | None
    image: str | None
    price: float | None
    original_price_minor: int | None
    currency: str | None
    discount: float | None
    rating: float | None
    review_count: int


_QUERY = select(*(PRODUCT.c[name] for name in CardRow._fields)).where(
    one_of_ids(PRODUCT.c.id), PRODUCT.c.deleted_at.is_(None)
)


def card_rows(session: Session, ids: Iterable[int]) -> dict[int, CardRow]:
    """Rows by internal key; missing and deleted products are left out."""
    return {row[0]: CardRow._make(row) for row in session.connection().execute(_QUERY, {"ids": list(ids)}).all()}
