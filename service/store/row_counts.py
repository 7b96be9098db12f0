"""Rows that were read once, narrowed and counted in many ways: for hundreds cheaper than asking SQL for each."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from sqlalchemy import Select, Text, bindparam, select
from sqlmodel import Session

from service.core.columns import Columns, Mask, Reader
from service.core.facets import Counts
from service.core.filters import Filter, HasId
from service.core.types import Ids
from service.store.database import Database
from service.store.serving_columns import RowReader, column_of
from service.store.sql_values import is_just, one_of_ids
from service.store.tables import PRODUCT


class RowCounts:
    """Some products, those that do not meet `everywhere` left out.

    Parameters
    ----------
    ids : int64[C]. reader : the fields that will be asked for, of these products in this order.
    """

    def __init__(self, ids: Ids, reader: Reader, everywhere: Filter | None) -> None:
        self._ids = ids
        self._columns = Columns(ids, reader)
        self._allowed = self._mask(everywhere)

    def mask(self, wanted: Filter | None, among: Ids | None = None) -> Mask:
        """bool[C]: which products meet a condition, and are among some ids."""
        found = self._allowed & self._mask(wanted)
        return found if among is None or not len(found) else found & np.isin(self._ids, among)

    def ids(self, mask: Mask) -> Ids:
        """The products of a mask."""
        return self._ids[mask]

    def counts(self, field: str, mask: Mask) -> Counts:
        """The values of a field among those of a mask; see `facet_counts.value_counts`."""
        if not len(self._ids):
            return []
        found = self._columns.counts(field, mask)
        return [((bool(value) if field == "in_stock" else value,), count) for value, count in found]

    def _mask(self, wanted: Filter | None) -> Mask:
        return np.ones(len(self._ids), bool) if wanted is None or not len(self._ids) else self._columns.mask(wanted)


def count_rows(
    database: Database, tenant: str, ids: Ids, fields: Iterable[str], everywhere: Filter | None,
    conditions: Iterable[Filter | None] = (),
) -> RowCounts:  # fmt: skip
    """The same as `read_rows`; out of memory where the database remembers products, which has all of their columns."""
    if not database.remembers_products:
        with database.session() as session:
            return read_rows(session, tenant, ids.tolist(), fields, everywhere, conditions)
    rows = [one.row for one in database.products(tenant, ids.tolist()).values()]
    return RowCounts(np.fromiter((row[0] for row in rows), np.int64, len(rows)), RowReader(rows), everywhere)


def read_rows(
    session: Session, tenant: str, ids: Iterable[int], fields: Iterable[str], everywhere: Filter | None,
    conditions: Iterable[Filter | None] = (),
) -> RowCounts:  # fmt: skip
    """Products by internal key, with as few columns as will be looked at; deleted ones are left out.

    Parameters
    ----------
    fields : that will be counted. conditions : that they will be narrowed by, beside `everywhere`.
    """
    asked = {*fields, *fields_of(everywhere), *(name for one in conditions for name in fields_of(one))}
    columns = ("id", *sorted({column_of(field) for field in asked} - {"id"}))
    rows = session.connection().execute(_query(columns), {"ids": list(ids), "tenant": tenant}).all()
    found = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    return RowCounts(found, RowReader(rows, {name: place for place, name in enumerate(columns)}), everywhere)


@lru_cache(maxsize=100)
def _query(columns: tuple[str, ...]) -> Select[Any]:
    return select(*(PRODUCT.c[name] for name in columns)).where(
        one_of_ids(PRODUCT.c.id),
        is_just(PRODUCT.c.tenant, bindparam("tenant", type_=Text)),
        PRODUCT.c.deleted_at.is_(None),
    )


def fields_of(condition: Filter | None) -> set[str]:
    """The fields that a condition looks at.

    Examples
    --------
    >>> from service.core.filters import Match, Range
    >>> sorted(fields_of(Filter(must=(Match("brand", ("LG",)),), must_not=(Filter(should=(Range("price", lt=5),)),))))
    ['brand', 'price']
    """
    if condition is None:
        return set()
    found: set[str] = set()
    for part in (*condition.must, *condition.should, *condition.must_not):
        if isinstance(part, Filter):
            found |= fields_of(part)
        elif not isinstance(part, HasId):
            found.add(part.field)
    return found
