"""``/v1/similar/{id}``: products like a product."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from service.api.dependencies import FilterText, RequestId, State, Tenant, filter_from
from service.api.schemas import SlateOut, SlateRequest
from service.api.slates import answer, request_from
from service.api.visitor import FromQuery
from service.context import Request

router = APIRouter(prefix="/v1/similar", tags=["similar"])

AnchorId = Annotated[str, Path(min_length=1, max_length=128, description="the product that others should resemble")]


@router.get("/{id}", response_model=SlateOut, summary="Products like this one")
async def get_similar(
    id: AnchorId,
    state: State,
    request_id: RequestId,
    tenant: Tenant,
    visitor: FromQuery,
    n: Annotated[int | None, Query(ge=1)] = None,
    text: Annotated[float | None, Query(ge=0, le=1000, description="weight of the description")] = None,
    image: Annotated[float | None, Query(ge=0, le=1000, description="weight of the picture")] = None,
    mmr_lambda: Annotated[float | None, Query(ge=0, le=1, description="1 = relevance only, 0 = variety only")] = None,
    filter: FilterText = None,
    explain: bool = False,
) -> Response:
    """Neighbours by description and picture; the product itself is never among them."""
    weights = {name: weight for name, weight in (("text", text), ("image", image)) if weight is not None}
    request = Request(
        "similar", request_id, tenant, product=id, n=n, filter=filter_from(state, filter),
        weights=weights or None, mmr_lambda=mmr_lambda, **visitor.as_request(),
    )  # fmt: skip
    return await state.call(lambda: answer(state, request, explain=explain), quick=True)


@router.post("/{id}", response_model=SlateOut, summary="Products like this one, with filters and exclusions")
async def post_similar(
    id: AnchorId, body: SlateRequest, state: State, request_id: RequestId, tenant: Tenant
) -> Response:
    """The same with everything in the body."""
    request = request_from("similar", body, state, request_id, tenant, product=id)
    return await state.call(lambda: answer(state, request, explain=body.explain), quick=True)
