"""What came of the lists that were shown: counted in the database, by where, when and in which variant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Integer, Subquery, Text, and_, case, cast, distinct, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session

from service.core.rates import Moments
from service.core.types import EventType
from service.store.column_types import epoch_s
from service.store.sql_values import is_just
from service.store.tables import IMPRESSION, INTERACTION

Grouped = Literal["surface", "shelf", "arms", "day"]

_I, _E = IMPRESSION.c, INTERACTION.c
_TAKEN = (EventType.CLICK, EventType.VIEW, EventType.CART, EventType.WISHLIST, EventType.PURCHASE)
_KEYS: Mapping[str, ColumnElement[str]] = {
    "surface": _I.surface,
    "shelf": _I.surface + " / " + func.coalesce(_I.shelf, "itself"),
    "arms": cast(_I.arms, Text),
    "day": cast(cast(func.round(epoch_s(_I.at) / 86400.0 - 0.5), Integer), Text),
}


@dataclass(frozen=True, slots=True)
class Engagement:
    """Lists shown, by visitor: those a product was taken from, and those one was bought from."""

    taken: Moments
    bought: Moments

    def __add__(self, other: "Engagement") -> "Engagement":
        """Those of different visitors together."""
        return Engagement(self.taken + other.taken, self.bought + other.bought)


@dataclass(frozen=True, slots=True)
class AtPosition:
    """A slot of a surface: lists that had it, and those where its product was taken, or bought."""

    surface: str
    position: int
    shown: int
    taken: int
    bought: int


class _slots_in(FunctionElement[int]):
    """How many slots a row of impressions has."""

    inherit_cache = True
    type = Integer()


class _shows(FunctionElement[bool]):
    """Whether a row of impressions has a product in one of its slots."""

    inherit_cache = True


@compiles(_slots_in, "sqlite")
def _length(element: _slots_in, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_length({compiler.process(element.clauses, **options)}, '$.products')"


@compiles(_slots_in, "postgresql")
def _jsonb_length(element: _slots_in, compiler: SQLCompiler, **options: Any) -> str:
    return f"jsonb_array_length({compiler.process(element.clauses, **options)} -> 'products')"


@compiles(_shows, "sqlite")
def _among(element: _shows, compiler: SQLCompiler, **options: Any) -> str:
    slots, product = (compiler.process(one, **options) for one in element.clauses)
    return f"EXISTS (SELECT 1 FROM json_each({slots}, '$.products') AS slot WHERE slot.value = {product})"  # nosec B608


@compiles(_shows, "postgresql")
def _contains(element: _shows, compiler: SQLCompiler, **options: Any) -> str:
    slots, product = (compiler.process(one, **options) for one in element.clauses)
    return f"(({slots} -> 'products') @> to_jsonb({product}))"


def engagement(session: Session, tenant: str, *, since: datetime, by: Grouped) -> dict[str, Engagement]:
    """What came of the lists shown since then, by one of their properties; of ``arms`` the JSON text is the key.

    A product is taken from a list where an event of it (click, view, cart, wishlist, purchase) names the request and
    the list has the product; several events are one.
    """
    shown = _shown(tenant, since, _KEYS[by])
    of_shown = select(shown.c.key, shown.c.visitor, func.count().label("n"))
    n = of_shown.group_by(shown.c.key, shown.c.visitor).subquery()
    touched = _touched(tenant, since, shown)
    of_touched = select(
        touched.c.key, touched.c.visitor, func.count().label("x"), func.sum(touched.c.bought).label("y")
    )
    xy = of_touched.group_by(touched.c.key, touched.c.visitor).subquery()
    x, y, lists = (func.coalesce(xy.c.x, 0), func.coalesce(xy.c.y, 0), n.c.n)
    sums = [cast(func.sum(one), BigInteger) for one in (lists, lists * lists, x, x * lists, x * x, y, y * lists, y * y)]
    joined = n.outerjoin(xy, and_(n.c.key == xy.c.key, n.c.visitor == xy.c.visitor))
    query = select(n.c.key, func.count(), *sums).select_from(joined).group_by(n.c.key).order_by(n.c.key)
    found = {}
    for key, visitors, lists_, nn, sx, sxn, sxx, sy, syn, syy in session.connection().execute(query):
        taken = Moments(visitors, lists_, sx, nn, sxn, sxx)
        found[str(key)] = Engagement(taken, Moments(visitors, lists_, sy, nn, syn, syy))
    return found


def by_position(session: Session, tenant: str, *, since: datetime, deepest: int) -> list[AtPosition]:
    """The same by slot, as far down as `deepest`."""
    connection = session.connection()
    sized = select(_I.surface, _slots_in(_I.slots).label("slots")).where(*_is_recent(tenant, since)).subquery()
    lengths = connection.execute(select(sized.c.surface, sized.c.slots, func.count()).group_by(*sized.c)).all()
    lists = distinct(_I.id)
    only_bought = func.count(distinct(case((_E.type == EventType.PURCHASE, _I.id))))
    events = (
        select(_I.surface, _E.position, func.count(lists), only_bought)
        .join(INTERACTION, and_(_E.request_id == _I.request_id, _E.tenant == _I.tenant))
        .where(
            *_is_recent(tenant, since),
            *_is_taken(tenant, since),
            _E.position.between(1, deepest),
            _shows(_I.slots, _E.product_id),
        )
        .group_by(_I.surface, _E.position)
    )
    taken = {(surface, place): (x, y) for surface, place, x, y in connection.execute(events)}
    surfaces = sorted({surface for surface, _, _ in lengths})
    rows = []
    for surface in surfaces:
        for place in range(1, deepest + 1):
            shown = sum(count for one, slots, count in lengths if one == surface and (slots or 0) >= place)
            if shown:
                rows.append(AtPosition(surface, place, shown, *taken.get((surface, place), (0, 0))))
    return rows


def _shown(tenant: str, since: datetime, key: ColumnElement[str]) -> Subquery:
    # named here, and grouped outside: PostgreSQL takes an expression with parameters for another one each time
    visitor = func.coalesce(_I.user, _I.session, _I.request_id)
    columns = (_I.id, _I.request_id, _I.slots, key.label("key"), visitor.label("visitor"))
    return select(*columns).where(*_is_recent(tenant, since)).subquery()


def _is_recent(tenant: str, since: datetime) -> tuple[ColumnElement[bool], ...]:
    # SQLite is not to use the index of tenants here: beside an event it has a request's id to look for
    return (is_just(_I.tenant, tenant), _I.at >= since)


def _touched(tenant: str, since: datetime, shown: Subquery) -> Subquery:
    """Lists of which something was taken, once each."""
    bought = func.max(case((_E.type == EventType.PURCHASE, 1), else_=0)).label("bought")
    s = shown.c
    return (
        select(s.id, s.key, s.visitor, bought)
        .join(INTERACTION, _E.request_id == s.request_id)
        .where(*_is_taken(tenant, since), _shows(s.slots, _E.product_id))
        .group_by(s.id, s.key, s.visitor)
        .subquery()
    )


def _is_taken(tenant: str, since: datetime) -> tuple[ColumnElement[bool], ...]:
    known = (_E.request_id.is_not(None), _E.product_id.is_not(None))
    return (_E.tenant == tenant, _E.at >= since, _E.type.in_(_TAKEN), *known)
