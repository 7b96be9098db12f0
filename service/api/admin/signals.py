"""``/v1/admin/signals`` and ``/v1/admin/exposure``: what lists are made of, and who gets their slots."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from itertools import accumulate
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from service.api.admin.listed import CSV_TOO, AsFormat, Days, Format, listed
from service.api.clock import Now
from service.api.dependencies import State, Tenant
from service.core.impression import Impression
from service.metrics import Metrics
from service.store.activity import interactions_per_product
from service.store.catalog import count_products
from service.store.impressions import recent_feeds

router = APIRouter(prefix="/v1/admin", tags=["admin"])

Newest = Annotated[int, Query(ge=1, le=5000, description="lists looked at, the newest")]
_POINTS = 20


class SignalRow(BaseModel):
    """What a signal gave to the lists of a surface."""

    surface: str
    signal: str
    share: float = Field(description="of the scores of the slots, 0 to 1")
    lists: int = Field(description="it had a part in")
    missing: dict[str, int] = Field(description="why it took no part -> requests of this process, on any surface")


class SignalsOut(BaseModel):
    """Largest share first."""

    looked_at: int
    rows: list[SignalRow]


class ExposureRow(BaseModel):
    """A point of the curve."""

    products: float = Field(description="share of the catalogue, the most shown first")
    slots: float = Field(description="share of the slots that these have")
    events: float = Field(description="share of the events that as many products have, those with the most first")


class ExposureOut(BaseModel):
    """How slots are spread over the catalogue."""

    looked_at: int
    slots: int
    products: int = Field(description="in the catalogue")
    shown: int = Field(description="different ones in the lists")
    coverage: float = Field(description="shown / products")
    gini: float | None = Field(description="0: all as often, 1: one has all")
    events: int = Field(description="what people did with products in the time asked for")
    touched: int = Field(description="different products of these")
    rows: list[ExposureRow]


@router.get("/signals", summary="What the signals contribute, and when they were missing", response_model=SignalsOut,
            responses=CSV_TOO)  # fmt: skip
async def get_signals(
    request: Request, state: State, tenant: Tenant, n: Newest = 1000, form: AsFormat = Format.JSON
) -> Response:
    """Shares of the absolute contributions to the slots of the newest lists."""
    metrics: Metrics = request.app.state.metrics
    feeds = await state.call(lambda: _newest(state, tenant, n))
    missing: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name, labels, value in metrics.samples():
        if name == "vitrine_signals_degraded_total":
            missing[labels["signal"]][labels["reason"]] = int(value)
    rows = signal_rows(feeds, missing)
    return listed(SignalsOut(looked_at=len(feeds), rows=rows), rows, form, "signals")


@router.get("/exposure", summary="How slots and events are spread over the catalogue", response_model=ExposureOut,
            responses=CSV_TOO)  # fmt: skip
async def get_exposure(
    state: State, tenant: Tenant, now: Now, n: Newest = 2000, days: Days = 30, form: AsFormat = Format.JSON
) -> Response:
    """Coverage of the newest lists, their curve, and that of what people did: equal chances give a straight line."""

    def work() -> ExposureOut:
        with state.runtime.database.session() as session:
            products = count_products(session, tenant, None)
            events = interactions_per_product(session, tenant, now - timedelta(days=days))
        return exposure(_newest(state, tenant, n), products, events)

    found = await state.call(work)
    return listed(found, found.rows, form, "exposure")


def signal_rows(feeds: list[Impression], missing: dict[str, dict[str, int]]) -> list[SignalRow]:
    """Rows of what was shown, and of signals that were only missing."""
    sums: defaultdict[tuple[str, str], float] = defaultdict(float)
    lists: Counter[tuple[str, str]] = Counter()
    totals: Counter[str] = Counter()
    for feed in feeds:
        had = set()
        for item in feed.items:
            for signal, value in item.contributions.items():
                sums[feed.surface, signal] += abs(value)
                totals[feed.surface] += abs(value)  # type: ignore[assignment]
                had.add((feed.surface, signal))
        lists.update(had)
    rows = [
        SignalRow(surface=surface, signal=signal, share=round(value / (totals[surface] or 1), 4),
                  lists=lists[surface, signal], missing=missing.get(signal, {}))
        for (surface, signal), value in sums.items()
    ]  # fmt: skip
    seen = {row.signal for row in rows}
    rows += [
        SignalRow(surface="", signal=signal, share=0.0, lists=0, missing=why)
        for signal, why in missing.items() if signal not in seen
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row.surface, -row.share, row.signal))


def exposure(feeds: list[Impression], products: int, events: Sequence[int]) -> ExposureOut:
    """Coverage, Gini coefficient and curves.

    Parameters
    ----------
    events : of each product with any, the most first.
    """
    counts = sorted(Counter(item.product_id for feed in feeds for item in feed.items).values(), reverse=True)
    products = max(products, len(counts), len(events))
    of_slots, of_events = _cumulative(counts), _cumulative(events)
    rows = []
    for step in range(_POINTS + 1):
        most = round(step / _POINTS * products)
        shares = [round(one[min(most, len(one) - 1)] / (one[-1] or 1), 4) for one in (of_slots, of_events)]
        rows.append(ExposureRow(products=round(step / _POINTS, 4), slots=shares[0], events=shares[1]))
    return ExposureOut(
        looked_at=len(feeds), slots=of_slots[-1], products=products, shown=len(counts),
        coverage=round(len(counts) / products, 4) if products else 0.0, gini=_gini(of_slots, products),
        events=of_events[-1], touched=len(events), rows=rows,
    )  # fmt: skip


def _cumulative(counts: Sequence[int]) -> list[int]:
    return list(accumulate(counts, initial=0))


def _gini(cumulative: list[int], products: int) -> float | None:
    slots, shown = cumulative[-1], len(cumulative) - 1
    if not slots:
        return None
    area = (sum(cumulative) - slots / 2 + (products - shown) * slots) / (slots * products)
    return round(max(0.0, 2 * area - 1), 4)


def _newest(state: State, tenant: str, n: int) -> list[Impression]:
    with state.runtime.database.session() as session:
        return recent_feeds(session, tenant, limit=n)
