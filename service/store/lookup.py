"""Finding products by their ids."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from service.core.errors import NotFound
from service.store.product_rows import PRODUCT_COLUMNS, StoredProduct, is_storable, to_stored
from service.store.sql_values import one_of
from service.store.tables import PRODUCT

_LIVE = PRODUCT.c.deleted_at.is_(None)


def get_product(session: Session, tenant: str, external_id: str, *, lock: bool = False) -> StoredProduct:
    """The product with this id.

    Parameters
    ----------
    lock : keep others from changing it until the session ends (PostgreSQL; SQLite has one writer at a time anyway).

    Raises
    ------
    NotFound : there is none, or it was deleted.
    """
    row = _find(session, tenant, external_id, lock)
    if row is None:
        raise NotFound(f"there is no product with id {external_id[:200]!r}", code="product_not_found")
    return to_stored(row)


def get_products(session: Session, ids: Iterable[int]) -> dict[int, StoredProduct]:
    """Products by internal key; missing and deleted ones are left out."""
    query = select(*PRODUCT_COLUMNS).where(one_of(PRODUCT.c.id, list(ids)), _LIVE)
    return {row.id: to_stored(row) for row in session.connection().execute(query)}


def product_ids(session: Session, tenant: str, external_ids: Iterable[str]) -> dict[str, int]:
    """Internal keys by the merchant's ids; missing and deleted ones are left out."""
    wanted = [name for name in external_ids if is_storable(name)]
    query = select(PRODUCT.c.external_id, PRODUCT.c.id).where(
        PRODUCT.c.tenant == tenant, one_of(PRODUCT.c.external_id, wanted), _LIVE
    )
    return {row.external_id: row.id for row in session.connection().execute(query)}


def _find(session: Session, tenant: str, external_id: str, lock: bool) -> Any:
    if not is_storable(external_id):
        return None
    query = select(*PRODUCT_COLUMNS).where(PRODUCT.c.tenant == tenant, PRODUCT.c.external_id == external_id, _LIVE)
    return session.connection().execute(query.with_for_update() if lock else query).first()
