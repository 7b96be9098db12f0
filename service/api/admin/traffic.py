"""``/v1/admin/traffic``: how many requests, and how long they take, as this process counted since it started."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from service.api.admin.listed import CSV_TOO, AsFormat, Format, listed
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
