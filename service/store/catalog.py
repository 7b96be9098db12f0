"""The products in SQL: everything about them under one name.

Every function works inside the session it is given and commits nothing: that is `Database.session`'s part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime

from sqlalchemy import update
from sqlmodel import Session

from service.core.errors import InvalidQuery
from service.core.types import Product
from service.store.listing import count_products, list_products
from service.store.lookup import get_product, get_products, product_ids
from service.store.outbox import (
    IndexedRow,
    StaleProduct,
    all_indexed,
    count_stale,
    drop_deleted,
    known_ids,
    mark_all_stale,
    mark_indexed,
    mark_stale,
    take_stale,
)
from service.store.product_rows import StoredProduct
from service.store.serving import ServingRow, serving_rows
from service.store.sql_values import one_of
from service.store.tables import PRODUCT
from service.store.upsert import Outcome, lock_for_writing, upsert_products

__all__ = [
    "IndexedRow", "Outcome", "ServingRow", "StaleProduct", "StoredProduct", "all_indexed", "count_products",
    "count_stale", "delete_products", "drop_deleted", "get_product", "get_products", "known_ids", "list_products",
    "mark_all_stale", "mark_indexed", "mark_stale", "patch_product", "product_ids", "serving_rows", "take_stale",
    "upsert_products",
]  # fmt: skip

_LIVE = PRODUCT.c.deleted_at.is_(None)
_PATCHABLE = frozenset(f.name for f in fields(Product)) - {"tenant", "external_id"}


def patch_product(session: Session, tenant: str, external_id: str, changes: Mapping[str, object]) -> StoredProduct:
    """Change some fields of a product; `attributes`, `tags` and `category` are replaced as a whole.

    Raises
    ------
    NotFound : there is no such product.
    InvalidQuery : a field that does not exist or cannot be changed, or a value the database cannot hold.
    """
    if unknown := set(changes) - _PATCHABLE:
        raise InvalidQuery(
            f"cannot change {', '.join(sorted(unknown))}; changeable fields are: {', '.join(sorted(_PATCHABLE))}",
            code="invalid_product",
        )
    lock_for_writing(session)
    stored = get_product(session, tenant, external_id, lock=True)
    upsert_products(session, [replace(stored.product, **changes)])  # type: ignore[arg-type]  # checked by the callers
    return get_product(session, tenant, external_id)


def delete_products(session: Session, tenant: str, external_ids: Sequence[str]) -> dict[str, bool]:
    """Delete products; the rows stay, unseen, until the index has dropped their points.

    Returns
    -------
    dict : id -> whether there was such a product.
    """
    lock_for_writing(session)
    found = product_ids(session, tenant, external_ids)
    now = datetime.now(UTC)
    session.connection().execute(
        update(PRODUCT)
        .where(one_of(PRODUCT.c.id, list(found.values())), _LIVE)
        .values(deleted_at=now, updated_at=now, stale=True)
    )
    return {name: name in found for name in external_ids}
