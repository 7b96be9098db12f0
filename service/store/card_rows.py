"""What a card shows of a product and nothing else: for answers with thousands of them."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session

from service.store.sql_values import one_of
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


_COLUMNS = [PRODUCT.c[name] for name in CardRow._fields]


def card_rows(session: Session, ids: Iterable[int]) -> dict[int, CardRow]:
    """Rows by internal key; missing and deleted products are left out."""
    query = select(*_COLUMNS).where(one_of(PRODUCT.c.id, list(ids)), PRODUCT.c.deleted_at.is_(None))
    return {row[0]: CardRow._make(row) for row in session.connection().execute(query).all()}
