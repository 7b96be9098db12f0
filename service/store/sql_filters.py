"""The filter grammar as SQL, on both engines, by the same rules as `core.filters.matches`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Double, and_, false, literal, not_, or_, true

from service.core.errors import InvalidQuery
from service.core.fields import PRODUCT_FIELDS, FieldKind
from service.core.filters import Condition, Filter, HasId, Match, Range
from service.store.product_rows import is_storable
from service.store.sql_values import attribute_holds, lies_under, list_holds, one_of
from service.store.tables import PRODUCT

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_IN_STOCK = or_(PRODUCT.c.stock.is_(None), PRODUCT.c.stock > 0)
_OTHERWISE_CALLED = {"id": "external_id", "category": "category_path"}
_COLUMNS = {name: PRODUCT.c[_OTHERWISE_CALLED.get(name, name)] for name in PRODUCT_FIELDS if name != "in_stock"}
_ATTRIBUTE = "attributes."


def where(condition: Condition | None) -> ColumnElement[bool]:
    """A condition on `PRODUCT` that is never NULL, so that it can be negated.

    Attributes are keyword fields: only text can be asked for, as the parser sees to.

    Raises
    ------
    InvalidQuery : a field that is no product field.

    Examples
    --------
    >>> print(where(Range("price", lt=500)))
    product.price IS NOT NULL AND product.price < :param_1
    """
    match condition:
        case None:
            return true()
        case Match(field, any_of):
            return _match(field, any_of)
        case Range(field):
            return _range(field, condition)
        case HasId(ids):
            return one_of(PRODUCT.c.id, sorted(ids))
        case Filter(must, should, must_not):
            asked = [where(c) for c in must] + [not_(where(c)) for c in must_not]
            return and_(true(), *asked, or_(*[where(c) for c in should]) if should else true())


def _match(field: str, any_of: tuple[str | int | bool, ...]) -> ColumnElement[bool]:
    texts = [value for value in any_of if isinstance(value, str) and is_storable(value)]
    if field.startswith(_ATTRIBUTE):
        name = field.removeprefix(_ATTRIBUTE)
        return attribute_holds(PRODUCT.c.attributes, name, texts) if is_storable(name) else false()
    kind = _kind(field)
    if kind is FieldKind.BOOL:
        return _is_one_of_two(_IN_STOCK if field == "in_stock" else _COLUMNS[field], any_of)
    column = _COLUMNS[field]
    if kind is FieldKind.KEYWORD:
        holds = _SPECIAL.get(field) or one_of
        return and_(column.is_not(None), holds(column, texts))
    numbers = [value for value in any_of if not isinstance(value, str)]
    if field == "created_at":
        return or_(false(), *(_range(field, Range(field, gte=value, lte=value)) for value in numbers))
    return and_(column.is_not(None), one_of(column, [value + 0 for value in numbers]))


def _lies_under_any(column: ColumnElement[Any], paths: list[str]) -> ColumnElement[bool]:
    return or_(one_of(column, paths), lies_under(column, paths))


_SPECIAL: dict[str, Callable[..., ColumnElement[bool]]] = {"tags": list_holds, "category": _lies_under_any}


def _is_one_of_two(statement: ColumnElement[Any], any_of: tuple[object, ...]) -> ColumnElement[bool]:
    yes = statement if True in any_of else false()
    return or_(yes, not_(statement) if False in any_of else false())


def _range(field: str, bounds: Range) -> ColumnElement[bool]:
    if field.startswith(_ATTRIBUTE) or _kind(field) in (FieldKind.KEYWORD, FieldKind.BOOL):
        return false()
    column = _COLUMNS[field]
    bound: Callable[[float, bool], Any] = _moment if field == "created_at" else _decimal
    asked: list[ColumnElement[bool]] = [column.is_not(None)]
    if bounds.gte is not None:
        asked.append(column >= bound(bounds.gte, True))
    if bounds.gt is not None:
        asked.append(column > bound(bounds.gt, False))
    if bounds.lte is not None:
        asked.append(column <= bound(bounds.lte, False))
    if bounds.lt is not None:
        asked.append(column < bound(bounds.lt, True))
    return and_(*asked)


def _decimal(value: float, _: bool) -> ColumnElement[float]:
    # with its type: left to itself PostgreSQL would round a bound on a whole-number column
    return literal(value, Double)


def _moment(seconds: float, up: bool) -> datetime:
    """The stored microsecond next to a time, above or below it; a time that is one is kept."""
    try:
        nearest = _EPOCH + timedelta(seconds=seconds)
        missing = seconds - nearest.timestamp()
        if missing == 0 or (missing > 0) is not up:
            return nearest
        return nearest + timedelta(microseconds=1 if up else -1)
    except OverflowError:
        return _LAST if seconds > 0 else _FIRST


def _kind(field: str) -> FieldKind:
    if field not in PRODUCT_FIELDS:
        raise InvalidQuery(
            f"{field!r} is not filterable; filterable fields are: {', '.join(sorted(PRODUCT_FIELDS))} and "
            "attributes.<name>",
            code="unknown_filter_field",
        )
    return PRODUCT_FIELDS[field]
