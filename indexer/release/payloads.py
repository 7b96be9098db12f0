"""Payloads of a release's products, read from SQL when they are written, and again once they are live."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from service.core.errors import NotFound
from service.core.types import Product
from service.store.database import Database
from service.store.payload import product_payload
from service.store.product_rows import PRODUCT_COLUMNS, to_stored
from service.store.spaces import behaviour_name
from service.store.sql_values import one_of
from service.store.tables import PRODUCT
from service.store.vectors import VectorStore

_PAGE = 1000
_SKEW = timedelta(minutes=5)  # clocks of several machines


def read_payloads(database: Database, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What filters may read of each live product; deleted ones are left out."""
    return {product_id: product_payload(product) for product_id, product in read_products(database, ids).items()}


def read_products(database: Database, ids: Sequence[int]) -> dict[int, Product]:
    """The live ones among these products, by ascending id."""
    query = select(*PRODUCT_COLUMNS).where(one_of(PRODUCT.c.id, ids), PRODUCT.c.deleted_at.is_(None))
    with database.session() as session:
        rows = session.connection().execute(query.order_by(PRODUCT.c.id))
        return {row.id: to_stored(row).product for row in rows}


def catch_up(database: Database, store: VectorStore, release_id: str, *, since: datetime) -> None:
    """Write what changed while a release was being published, before the indexer knew of it."""
    name = behaviour_name(release_id)
    try:
        stored = [record.id for record in store.scroll(name)]
        for start in range(0, len(stored), _PAGE):
            page = stored[start : start + _PAGE]
            alive, changed = _state(database, page, since - _SKEW)
            if changed:
                store.set_payload(name, read_payloads(database, changed))
            if gone := [product for product in page if product not in alive]:
                store.delete(name, gone)
    except NotFound:
        return  # it was pruned meanwhile


def _state(database: Database, ids: Sequence[int], since: datetime) -> tuple[set[int], list[int]]:
    """Which of the products are there, and which of them changed since."""
    query = select(PRODUCT.c.id, PRODUCT.c.updated_at).where(one_of(PRODUCT.c.id, ids), PRODUCT.c.deleted_at.is_(None))
    with database.session() as session:
        rows = session.connection().execute(query).all()
    return {row.id for row in rows}, [row.id for row in rows if row.updated_at >= since]
