"""The short texts of a catalogue, from which its vocabulary is made."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session

from service.store.tables import PRODUCT


class ProductWords(NamedTuple):
    """The texts of one product that shoppers search by, its description left out, and what it costs."""

    id: int
    name: str
    brand: str | None
    category: list[str]
    tags: list[str]
    attributes: dict[str, Any]
    price: float | None = None
    currency: str | None = None


_COLUMNS = [PRODUCT.c[name] for name in ProductWords._fields]


def catalogue_words(session: Session, tenant: str, page: int = 500) -> Iterator[list[ProductWords]]:
    """All products that may be seen, page by page."""
    _, *seen = _seen(tenant)
    # not the plain column: SQLite would take the tenant's index, and sort what is left of the catalogue for each page
    is_own = PRODUCT.c.tenant + "" == tenant
    after = 0
    while True:
        query = select(*_COLUMNS).where(PRODUCT.c.id > after, is_own, *seen).order_by(PRODUCT.c.id).limit(page)
        rows = [ProductWords._make(row) for row in session.connection().execute(query)]
        if not rows:
            return
        yield rows
        after = rows[-1].id


def catalogue_version(session: Session, tenant: str) -> tuple[int, datetime | None]:
    """Something that is another one after every change of the catalogue."""
    query = select(func.count(), func.max(PRODUCT.c.updated_at)).where(*_seen(tenant))
    count, newest = session.connection().execute(query).one()
    return int(count), newest


def _seen(tenant: str) -> tuple[Any, ...]:
    return PRODUCT.c.tenant == tenant, PRODUCT.c.deleted_at.is_(None), PRODUCT.c.visible
