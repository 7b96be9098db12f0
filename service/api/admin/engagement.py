"""``/v1/admin/engagement`` and ``/v1/admin/experiments``: what came of the lists shown, with intervals."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from config.experiments import Experiment
from service.api.admin.listed import CSV_TOO, AsFormat, Days, Format, listed
from service.api.clock import Now
from service.api.dependencies import State, Tenant
from service.core.rates import Rate, rate, wilson
from service.store.engagement import AtPosition, Engagement, by_position, engagement

router = APIRouter(prefix="/v1/admin", tags=["admin"])

_DEEPEST = 20
_DAY = timedelta(days=1)


class Engaged(BaseModel):
    """How often something was taken from lists, and bought; shares from 0 to 1 with 95 % intervals."""

    lists: int = Field(description="lists shown")
    visitors: int | None = Field(description="who saw them; null by position")
    taken: int = Field(description="lists of which a product was clicked, viewed, put aside or bought")
    bought: int
    click_rate: float | None = Field(description="taken / lists")
    click_low: float | None
    click_high: float | None
    conversion: float | None = Field(description="bought / lists")
    conversion_low: float | None
    conversion_high: float | None


class EngagementRow(Engaged):
    """One surface, shelf, position or day."""

    name: str
    position: int | None = Field(description="slot, 1 is the first; null unless by position")


class EngagementOut(BaseModel):
    """What came of the lists shown since then."""

    since: datetime
    by: str
    rows: list[EngagementRow]


class ExperimentRow(Engaged):
    """One variant of one experiment."""

    experiment: str
    variant: str
    share: float | None = Field(description="of the experiment's visitors, as configured; null where it no longer is")
    surfaces: list[str]
    traffic: float | None
    state: Literal["planned", "running", "ended", "gone"] = Field(description="gone: no longer configured")


class ExperimentsOut(BaseModel):
    """Variants of what is configured, and of what was shown in the time asked for."""

    since: datetime
    rows: list[ExperimentRow]


@router.get("/engagement", summary="Click rate and conversion, with intervals", response_model=EngagementOut,
            responses=CSV_TOO)  # fmt: skip
async def get_engagement(
    state: State, tenant: Tenant, now: Now, form: AsFormat = Format.JSON, days: Days = 7,
    by: Annotated[Literal["surface", "shelf", "position", "day"], Query(description="what is told apart")] = "surface",
) -> Response:  # fmt: skip
    """An event counts where it names the `request_id` of the answer, and the product was in that list.

    Intervals take a visitor's lists together, but by position, where each list counts by itself.
    """
    since = now - timedelta(days=days)

    def work() -> list[EngagementRow]:
        with state.runtime.database.session() as session:
            if by == "position":
                return [_at(one) for one in by_position(session, tenant, since=since, deepest=_DEEPEST)]
            found = engagement(session, tenant, since=since, by=by)
        named = {_named(key, by): one for key, one in found.items()}
        return [EngagementRow(name=name, position=None, **engaged(one)) for name, one in sorted(named.items())]

    rows = await state.call(work)
    return listed(EngagementOut(since=since, by=by, rows=rows), rows, form, f"engagement-{by}")


@router.get("/experiments", summary="Experiments, and how their variants do", response_model=ExperimentsOut,
            responses=CSV_TOO)  # fmt: skip
async def get_experiments(
    state: State, tenant: Tenant, now: Now, form: AsFormat = Format.JSON, days: Days = 30
) -> Response:
    """A first look; `vitrine eval abtest` tests what is decided on."""
    since = now - timedelta(days=days)

    def work() -> dict[tuple[str, str], Engagement]:
        with state.runtime.database.session() as session:
            return _by_variant(engagement(session, tenant, since=since, by="arms"))

    rows = list(_variants(state.runtime.params.experiments, await state.call(work), now))
    return listed(ExperimentsOut(since=since, rows=rows), rows, form, "experiments")


def engaged(found: Engagement | None) -> dict[str, float | int | None]:
    """The figures of a row."""
    if found is None:
        return {"lists": 0, "visitors": 0, "taken": 0, "bought": 0} | _rates(None, None)
    taken, bought = found.taken, found.bought
    counts = {"lists": taken.n, "visitors": taken.visitors, "taken": taken.x, "bought": bought.x}
    return counts | _rates(rate(taken), rate(bought))


def _rates(click: Rate | None, conversion: Rate | None) -> dict[str, float | int | None]:
    told: dict[str, float | int | None] = {}
    for prefix, name, one in (("click", "click_rate", click), ("conversion", "conversion", conversion)):
        told[name], told[f"{prefix}_low"], told[f"{prefix}_high"] = (
            (None, None, None) if one is None else (round(one.value, 5), round(one.low, 5), round(one.high, 5))
        )
    return told


def _at(one: AtPosition) -> EngagementRow:
    rates = _rates(wilson(one.taken, one.shown), wilson(one.bought, one.shown))
    counts = {"lists": one.shown, "visitors": None, "taken": one.taken, "bought": one.bought}
    return EngagementRow.model_validate({"name": one.surface, "position": one.position} | counts | rates)


def _named(key: str, by: str) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + int(key) * _DAY).date().isoformat() if by == "day" else key


def _by_variant(found: Mapping[str, Engagement]) -> dict[tuple[str, str], Engagement]:
    together: dict[tuple[str, str], Engagement] = {}
    for arms, one in found.items():
        for pair in json.loads(arms).items():
            together[pair] = together[pair] + one if pair in together else one
    return together


def _variants(
    configured: Mapping[str, Experiment], found: Mapping[tuple[str, str], Engagement], now: datetime
) -> Iterable[ExperimentRow]:
    for name, experiment in configured.items():
        for variant, arm in experiment.variants.items():
            yield ExperimentRow(
                experiment=name, variant=variant, share=arm.share, surfaces=list(experiment.surfaces),
                traffic=experiment.traffic, state=_state(experiment, now), **engaged(found.get((name, variant))),
            )  # fmt: skip
    for (name, variant), one in sorted(found.items()):
        if name not in configured or variant not in configured[name].variants:
            yield ExperimentRow(
                experiment=name, variant=variant, share=None, surfaces=[], traffic=None, state="gone", **engaged(one)
            )


def _state(experiment: Experiment, now: datetime) -> Literal["planned", "running", "ended"]:
    if experiment.start is not None and now < experiment.start:
        return "planned"
    return "ended" if experiment.end is not None and now >= experiment.end else "running"
