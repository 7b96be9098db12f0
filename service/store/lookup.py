"""Finding products by their ids."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session

from service.core.errors import NotFound
from service.store.product_rows import PRODUCT_COLUMNS, StoredProduct, is_storable, to_stored
from service.store.sql_values import one_of, one_of_names
from service.store.tables import PRODUCT

_LIVE = PRODUCT.c.deleted_at.is_(None)
_OF_TENANT = PRODUCT.c.tenant == bindparam("tenant")
# built once: SQLAlchemy takes longer to build a statement than SQLite to answer it
_ONE = select(*PRODUCT_COLUMNS).where(_OF_TENANT, PRODUCT.c.external_id == bindparam("external_id"), _LIVE)
_ONE_LOCKED = _ONE.with_for_update()
_IDS = select(PRODUCT.c.external_id, PRODUCT.c.id).where(_OF_TENANT, one_of_names(PRODUCT.c.external_id), _LIVE)


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
    if not wanted:
        return {}
    found = session.connection().execute(_IDS, {"tenant": tenant, "names": wanted})
    return {row[0]: row[1] for row in found}


def _find(session: Session, tenant: str, external_id: str, lock: bool) -> Any:
    if not is_storable(external_id):
        return None
    given = {"tenant": tenant, "external_id": external_id}
    return session.connection().execute(_ONE_LOCKED if lock else _ONE, given).first()
