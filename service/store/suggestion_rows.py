"""What suggestions are made of: names, brands and categories of what can be bought."""

from typing import NamedTuple

from sqlalchemy import or_, select
from sqlmodel import Session

from service.store.tables import PRODUCT


class SuggestedProduct(NamedTuple):
    """What suggestions need of a product."""

    id: int
    external_id: str
    name: str
    brand: str | None
    category_path: str | None
    review_count: int


def suggested_products(session: Session, tenant: str, *, after: int, limit: int) -> list[SuggestedProduct]:
    """The next products after an internal id that may be seen and bought, by ascending internal id."""
    p = PRODUCT.c
    query = (
        select(*(p[name] for name in SuggestedProduct._fields))
        .where(p.id > after, p.tenant == tenant, p.deleted_at.is_(None), p.visible, or_(p.stock.is_(None), p.stock > 0))
        .order_by(p.id)
        .limit(limit)
    )
    return [SuggestedProduct._make(row) for row in session.connection().execute(query)]
