"""``/v1/admin/traffic`` and ``/v1/admin/minutes``: requests of this process and how long they take."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from service.api.admin.listed import CSV_TOO, AsFormat, Format, listed
from service.lately import Lately, Span
from service.measured import measured
from service.metrics import Metrics

router = APIRouter(prefix="/v1/admin", tags=["admin"])

Of = Literal["surfaces", "steps", "routes"]
_SERIES = {"surfaces": "vitrine_surface_seconds", "steps": "vitrine_step_seconds", "routes": "vitrine_request_seconds"}


class TrafficRow(BaseModel):
    """One surface, step of one, or route."""

    name: str
    within: str | None = Field(description="of a step: its surface; of a route: the method")
    requests: int
    mean_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


class Traffic(BaseModel):
    """Most often first."""

    rows: list[TrafficRow]


@router.get(
    "/traffic/{of}", summary="Requests and their times, by surface, step or route", response_model=Traffic,
    responses=CSV_TOO,
)  # fmt: skip
async def get_traffic(
    of: Annotated[Of, Path(description="what is counted")], request: Request, form: AsFormat = Format.JSON
) -> Response:
    """Of this process since it started; quantiles are as exact as the buckets of `/metrics`."""
    metrics: Metrics = request.app.state.metrics
    rows = [
        TrafficRow(
            name=one.labels.get("step") or one.labels.get("route") or one.labels["surface"],
            within=one.labels["surface"] if of == "steps" else one.labels.get("method"),
            requests=one.count,
            **{name: round(getattr(one, name), 2) for name in ("mean_ms", "p50_ms", "p95_ms", "p99_ms")},
        )
        for one in measured(metrics.samples(), _SERIES[of])
    ]
    return listed(Traffic(rows=rows), rows, form, f"traffic-{of}")


class MinuteRow(BaseModel):
    """One minute."""

    at: datetime = Field(description="its begin")
    requests: int
    failed: int = Field(description="with a status of 500 or more")
    refused: int = Field(description="turned away because too many waited")
    lists: int = Field(description="requests that made a list")
    p95_ms: dict[str, float] = Field(description="surface -> time within which 95 % of its lists were made")
    left_out: dict[str, int] = Field(description="signal and reason -> requests in which it did not take part")


class MinutesOut(BaseModel):
    """The oldest first, the running one last; also those without a request."""

    rows: list[MinuteRow]


@router.get("/minutes", summary="The last hour, minute by minute", response_model=MinutesOut, responses=CSV_TOO)
async def get_minutes(request: Request, form: AsFormat = Format.JSON) -> Response:
    """Of this process; a minute before its start is one without requests."""
    lately: Lately = request.app.state.lately
    rows = [_minute(span) for span in lately.minutes()]
    return listed(MinutesOut(rows=rows), rows, form, "minutes")


def _minute(span: Span) -> MinuteRow:
    return MinuteRow(
        at=datetime.fromtimestamp(span.at, UTC), requests=span.requests, failed=span.failed, refused=span.refused,
        lists=span.lists,
        p95_ms={name: round(times.quantile_ms(0.95) or 0.0, 1) for name, times in sorted(span.surfaces.items())},
        left_out={f"{signal}: {reason}": n for (signal, reason), n in sorted(span.left_out.items())},
    )  # fmt: skip
