"""``/v1/admin/activity``: how much went on, hour by hour or day by day."""

from datetime import datetime, timedelta

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from service.api.admin.listed import CSV_TOO, AsFormat, Days, Format, listed
from service.api.clock import Now
from service.api.dependencies import State, Tenant
from service.core.types import EventType
from service.store.activity import DAY_S, HOUR_S, Activity, activity

router = APIRouter(prefix="/v1/admin", tags=["admin"])

_DAYS_BY_HOUR = 2
_COUNTED = {
    "views": EventType.VIEW, "clicks": EventType.CLICK, "carts": EventType.CART, "wishlists": EventType.WISHLIST,
    "purchases": EventType.PURCHASE, "searches": EventType.SEARCH,
}  # fmt: skip


class ActivityRow(BaseModel):
    """One hour or day."""

    at: datetime = Field(description="its begin, UTC")
    lists: int = Field(description="lists shown")
    visitors: int = Field(description="people they were shown to")
    views: int
    clicks: int
    carts: int
    wishlists: int
    purchases: int
    searches: int


class ActivityOut(BaseModel):
    """The oldest first; the running hour or day comes last and is not over."""

    step_s: int
    rows: list[ActivityRow]


@router.get("/activity", summary="How much went on, by hour or day", response_model=ActivityOut, responses=CSV_TOO)
async def get_activity(
    state: State, tenant: Tenant, now: Now, days: Days = 7, form: AsFormat = Format.JSON
) -> Response:
    """Lists shown and events recorded by all processes; by the hour for up to two days."""
    step_s = HOUR_S if days <= _DAYS_BY_HOUR else DAY_S
    since = now - timedelta(days=days)
    begin = since - timedelta(seconds=since.timestamp() % step_s)  # no part of an hour or day at the beginning

    def work() -> list[ActivityRow]:
        with state.runtime.database.session() as session:
            return [_row(one) for one in activity(session, tenant, since=begin, until=now, step_s=step_s)]

    rows = await state.call(work)
    return listed(ActivityOut(step_s=step_s, rows=rows), rows, form, "activity")


def _row(one: Activity) -> ActivityRow:
    counts = {name: one.events.get(kind, 0) for name, kind in _COUNTED.items()}
    return ActivityRow(at=one.at, lists=one.lists, visitors=one.visitors, **counts)
