"""How many products have what in a field, counted in SQL, so that it is true at this moment."""

from typing import Any

from sqlalchemy import JSON, func, select, text, type_coerce
from sqlmodel import Session

from service.core.facets import Counts
from service.core.filters import Filter
from service.store.payload import ancestors, is_in_stock
from service.store.sql_filters import where
from service.store.tables import PRODUCT

_ATTRIBUTE = "attributes."
_STORED_AS = {"category": "category_path", "in_stock": "stock"}


def value_counts(session: Session, tenant: str, condition: Filter | None, field: str) -> Counts:
    """The values of a field among a tenant's products that meet a condition, as filters see them.

    Parameters
    ----------
    field : one of `core.facets.PLAIN_FACETS` or ``attributes.<name>``.

    Raises
    ------
    InvalidQuery : the condition asks for an unknown field.
    """
    asked = (PRODUCT.c.tenant == tenant, PRODUCT.c.deleted_at.is_(None), where(condition))
    connection = session.connection()
    if field.startswith(_ATTRIBUTE):
        # grouped there: reading the attributes of 100,000 products here takes two to three times as long
        value = type_coerce(PRODUCT.c.attributes, JSON)[field.removeprefix(_ATTRIBUTE)]
        rows = connection.execute(select(value, func.count()).where(*asked).group_by(text("1")))
        return [(_texts(found), count) for found, count in rows]
    column = PRODUCT.c[_STORED_AS.get(field, field)]
    rows = connection.execute(select(column, func.count()).where(*asked).group_by(column))
    return [(_values(field, value), count) for value, count in rows]


def _values(field: str, value: Any) -> tuple[Any, ...]:
    if field == "in_stock":
        return (is_in_stock(value),)
    if field == "category":
        return tuple(dict.fromkeys(ancestors(value)))
    return _texts(value) if field == "tags" else () if value is None else (value,)


def _texts(value: Any) -> tuple[str, ...]:
    """Attributes are keyword fields: what is no text cannot be asked for, so it is not offered either."""
    found = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(one for one in found if isinstance(one, str)))
