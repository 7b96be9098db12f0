"""Whether products are still what an answer says of them."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from service.store.sql_values import one_of
from service.store.tables import PRODUCT


def last_changed(session: Session, ids: Iterable[int]) -> dict[int, datetime]:
    """When each product last changed, by internal key; deleted ones are left out."""
    query = select(PRODUCT.c.id, PRODUCT.c.updated_at).where(
        one_of(PRODUCT.c.id, list(ids)), PRODUCT.c.deleted_at.is_(None)
    )
    return {row.id: row.updated_at for row in session.connection().execute(query)}
