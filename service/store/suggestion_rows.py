"""What suggestions are made of: names, brands and categories of what can be bought, and what several people typed."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case, distinct, func, or_, select
from sqlmodel import Session

from service.core.types import EventType
from service.store.tables import INTERACTION, PRODUCT

_E = INTERACTION.c


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


def common_queries(
    session: Session, tenant: str, *, since: datetime, visitors: int, limit: int
) -> list[tuple[str, int]]:
    """Queries that at least so many different visitors made, in small letters, the most common first.

    What fewer people typed stays with them: it may hold a name or an address.
    """
    query_text = func.lower(func.trim(_E.query))
    nameless = case((_E.user_id.is_(None), _E.session_key), else_=None)
    people = func.count(distinct(_E.user_id)) + func.count(distinct(nameless))
    query = (
        select(query_text, people)
        .where(_E.tenant == tenant, _E.at >= since, _E.type == EventType.SEARCH.value, _E.query.is_not(None))
        .group_by(query_text)
        .having(people >= visitors)
        .order_by(people.desc(), query_text)
        .limit(limit)
    )
    return [(text, int(count)) for text, count in session.connection().execute(query)]
