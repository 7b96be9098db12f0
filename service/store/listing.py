"""Walking through a catalogue page by page, in any order, while it changes."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import ColumnElement, func, literal, select, tuple_
from sqlmodel import Session

from service.core.errors import InvalidQuery
from service.core.filters import Filter
from service.core.types import Ids
from service.store.lookup import get_products
from service.store.product_rows import StoredProduct
from service.store.sql_filters import where
from service.store.sql_values import is_just, one_of
from service.store.tables import PRODUCT

_FAR = 1e300  # beyond every price and rating: unknown values come last in both directions
_SORTED_NAME_LENGTH = 64  # enough to sort by, short enough for a cursor


@dataclass(frozen=True, slots=True)
class _Sort:
    key: ColumnElement[Any]
    descending: bool
    key_type: type


def _ascending_last(column: ColumnElement[Any]) -> _Sort:
    return _Sort(func.coalesce(column, _FAR), False, float)


def _descending_last(column: ColumnElement[Any]) -> _Sort:
    return _Sort(func.coalesce(column, -_FAR), True, float)


SORTS: Mapping[str, _Sort] = {
    "id": _Sort(PRODUCT.c.external_id, False, str),
    "newest": _Sort(PRODUCT.c.created_at, True, str),
    "price": _ascending_last(PRODUCT.c.price),
    "-price": _descending_last(PRODUCT.c.price),
    "rating": _descending_last(PRODUCT.c.rating),
    "popularity": _Sort(PRODUCT.c.review_count, True, int),
    "name": _Sort(func.substr(PRODUCT.c.name, 1, _SORTED_NAME_LENGTH, type_=PRODUCT.c.name.type), False, str),
    "discount": _descending_last(PRODUCT.c.discount),
}
"""Name to order. Best first: newest, rating, popularity and discount descend. Unknown values come last."""


def list_products(
    session: Session, tenant: str, *, filter: Filter | None, sort: str, after: str | None, limit: int, offset: int = 0
) -> tuple[list[StoredProduct], str | None]:
    """One page of products and the cursor of the next one.

    A page continues after the last product of the one before, wherever it now is: nothing is shown twice or left out
    because other products came or went.

    Parameters
    ----------
    sort : one of `SORTS`; equal values are ordered by internal key.
    after : a cursor this function returned for the same tenant, filter and sort; None for the first page.
    limit : products per page, >= 1. offset : products left out first, for callers that count pages.

    Returns
    -------
    tuple : the page, and a url-safe cursor, or None on the last page.

    Raises
    ------
    InvalidQuery : unknown sort, unknown filter field, or a cursor of another query.
    """
    if sort not in SORTS:
        raise InvalidQuery(f"cannot sort by {sort[:80]!r}; choose one of: {', '.join(SORTS)}", code="invalid_sort")
    order, fingerprint = SORTS[sort], _fingerprint(tenant, filter, sort)
    place = tuple_(order.key, PRODUCT.c.id)
    query = select(PRODUCT.c.id, order.key.label("sort_key")).where(*_asked(tenant, filter))
    if after is not None:
        value, last_id = _read_cursor(after, fingerprint, order.key_type, sort)
        mark = tuple_(literal(value, order.key.type), literal(last_id, PRODUCT.c.id.type))
        query = query.where(place < mark if order.descending else place > mark)
    columns = (order.key, PRODUCT.c.id)
    query = query.order_by(*(c.desc() if order.descending else c for c in columns)).limit(limit + 1).offset(offset)
    # whole products are read for this page only: sorting them all with their descriptions takes several times as long
    keys = session.connection().execute(query).all()
    products = get_products(session, [key.id for key in keys[:limit]])
    cursor = _write_cursor(fingerprint, keys[limit - 1].sort_key, keys[limit - 1].id) if len(keys) > limit else None
    return [products[key.id] for key in keys[:limit] if key.id in products], cursor


def sorted_ids(session: Session, tenant: str, *, among: Ids, filter: Filter | None, sort: str, limit: int) -> list[int]:
    """The first of some internal ids in the order of `list_products`.

    Parameters
    ----------
    among : int64[C].
    sort : one of `SORTS`; equal values are ordered by internal key.
    """
    order = SORTS[sort]
    columns = (order.key, PRODUCT.c.id)
    query = select(PRODUCT.c.id).where(
        one_of(PRODUCT.c.id, among.tolist()), is_just(PRODUCT.c.tenant, tenant), PRODUCT.c.deleted_at.is_(None),
        where(filter),
    )  # fmt: skip
    query = query.order_by(*(c.desc() if order.descending else c for c in columns)).limit(limit)
    return list(session.connection().execute(query).scalars())


def count_products(session: Session, tenant: str, filter: Filter | None) -> int:
    """How many products match."""
    query = select(func.count()).select_from(PRODUCT).where(*_asked(tenant, filter))
    return int(session.connection().execute(query).scalar_one())


def _asked(tenant: str, filter: Filter | None) -> list[ColumnElement[bool]]:
    return [PRODUCT.c.tenant == tenant, PRODUCT.c.deleted_at.is_(None), where(filter)]


def _fingerprint(tenant: str, filter: Filter | None, sort: str) -> str:
    return blake2b(ascii((tenant, filter or None, sort)).encode(), digest_size=6).hexdigest()


def _write_cursor(fingerprint: str, value: Any, last_id: int) -> str:
    written = value.isoformat() if isinstance(value, datetime) else value
    return urlsafe_b64encode(orjson.dumps([fingerprint, written, last_id])).decode().rstrip("=")


def _read_cursor(cursor: str, fingerprint: str, key_type: type, sort: str) -> tuple[Any, int]:
    try:
        made_for, value, last_id = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        is_ours = made_for == fingerprint and isinstance(value, key_type) and isinstance(last_id, int)
        value = datetime.fromisoformat(value) if is_ours and sort == "newest" else value
    except (ValueError, TypeError):
        is_ours = False
    if not is_ours:
        raise InvalidQuery(
            "the cursor does not belong to this list; send back the `next_cursor` of the page before with the same "
            "filter and sort, or leave it out to start again",
            code="invalid_cursor",
        )
    return value, last_id
