"""How much went on in a shop, by hour or day; and how what people did is spread over the products."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Integer, cast, distinct, func, select
from sqlmodel import Session

from service.core.types import EventType
from service.store.column_types import epoch_s
from service.store.sql_values import is_just
from service.store.tables import IMPRESSION, INTERACTION

HOUR_S, DAY_S = 3600, 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_I, _E = IMPRESSION.c, INTERACTION.c


@dataclass(frozen=True, slots=True)
class Activity:
    """An hour or day that began at `at`: lists shown, people they were shown to, and events by type."""

    at: datetime
    lists: int
    visitors: int
    events: dict[EventType, int]


def activity(session: Session, tenant: str, *, since: datetime, until: datetime, step_s: int) -> list[Activity]:
    """Every hour or day of the time, also those when nothing went on; the oldest first.

    Parameters
    ----------
    step_s : `HOUR_S` or `DAY_S`; days are those of UTC.
    """
    visitor = func.coalesce(_I.user, _I.session, _I.request_id)
    shown = select(_bucket(_I.at, step_s), visitor.label("visitor")).where(is_just(_I.tenant, tenant), _I.at >= since)
    seen = shown.subquery()
    by_list = select(seen.c.bucket, func.count(), func.count(distinct(seen.c.visitor))).group_by(seen.c.bucket)
    told = select(_bucket(_E.at, step_s), _E.type).where(_E.tenant == tenant, _E.at >= since).subquery()
    by_event = select(told.c.bucket, told.c.type, func.count()).group_by(told.c.bucket, told.c.type)
    connection = session.connection()
    lists = {bucket: (n, visitors) for bucket, n, visitors in connection.execute(by_list)}
    events: dict[int, dict[EventType, int]] = {}
    for bucket, kind, n in connection.execute(by_event):
        events.setdefault(bucket, {})[EventType(kind)] = n
    first, last = (int((one - _EPOCH).total_seconds() // step_s) for one in (since, until))
    return [
        Activity(_EPOCH + timedelta(seconds=one * step_s), *lists.get(one, (0, 0)), events.get(one, {}))
        for one in range(first, last + 1)
    ]


def interactions_per_product(session: Session, tenant: str, since: datetime) -> Sequence[int]:
    """How many events each product has, the most first; products without any are left out."""
    n = func.count()
    query = select(n).where(_E.tenant == tenant, _E.at >= since, _E.product_id.is_not(None), _E.type != EventType.HIDE)
    return [int(count) for (count,) in session.connection().execute(query.group_by(_E.product_id).order_by(n.desc()))]


def _bucket(at: Column[Any], step_s: int) -> ColumnElement[int]:
    return cast(func.round(epoch_s(at) / float(step_s) - 0.5), Integer).label("bucket")
