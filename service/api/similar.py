"""``/v1/similar/{id}``: products like a product, in one of several ways."""

import time
from dataclasses import replace
from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query, Response

from service.api.dependencies import AppState, FilterText, RequestId, State, Tenant, filter_from
from service.api.similar_schemas import SimilarFields, SimilarInQuery, SimilarOut, SimilarRequest
from service.api.simple_filters import SimpleFilter
from service.api.slates import request_from, slate_body
from service.api.values import ProductId
from service.api.visitor import FromQuery
from service.context import Request
from service.core.filters import all_of
from service.experiments import PLAIN
from service.pipeline import recommend

router = APIRouter(prefix="/v1/similar", tags=["similar"])

AnchorId = Annotated[ProductId, Path(description="the product that others should resemble")]


@router.get("/{id}", response_model=SimilarOut, summary="Products like this one")
async def get_similar(
    id: AnchorId,
    state: State,
    request_id: RequestId,
    tenant: Tenant,
    visitor: FromQuery,
    asked: SimilarInQuery,
    simple: SimpleFilter,
    n: Annotated[int | None, Query(ge=1)] = None,
    text: Annotated[float | None, Query(ge=0, le=1000, description="weight of the description")] = None,
    image: Annotated[float | None, Query(ge=0, le=1000, description="weight of the picture")] = None,
    mmr_lambda: Annotated[float | None, Query(ge=0, le=1, description="1 = relevance only, 0 = variety only")] = None,
    filter: FilterText = None,
    explain: bool = False,
) -> Response:
    """Neighbours in one of several ways; neither the product itself nor another size or colour of it is among them.

    Where a mode has too little to build on, products that resemble this one come behind, and `fallback` says why.
    """
    weights = {name: weight for name, weight in (("text", text), ("image", image)) if weight is not None}
    request = Request(
        "similar", request_id, tenant, product=id, n=n, filter=all_of(simple, filter_from(state, filter)),
        weights=weights or None, mmr_lambda=mmr_lambda, **visitor.as_request(),
    )  # fmt: skip
    return await _answer(state, similar_request(state, request, asked), explain=explain)


@router.post("/{id}", response_model=SimilarOut, summary="Products like this one, with filters and exclusions")
async def post_similar(
    id: AnchorId, body: SimilarRequest, state: State, request_id: RequestId, tenant: Tenant
) -> Response:
    """The same with everything in the body."""
    request = request_from("similar", body, state, request_id, tenant, product=id)
    return await _answer(state, similar_request(state, request, body), explain=body.explain)


def similar_request(state: AppState, request: Request, asked: SimilarFields) -> Request:
    """The request with the way in which products are to be similar."""
    near = asked.near(state.runtime.params)
    return replace(request, mode=asked.mode, near=near, all_variants=asked.all_variants)


async def _answer(state: AppState, request: Request, *, explain: bool) -> Response:
    def make() -> Response:
        start = time.perf_counter()
        slate = recommend(state.runtime.services, replace(request, explain=explain))
        body = slate_body(state, slate, request.tenant, start, explain=explain) | {"mode": request.mode or PLAIN}
        return Response(orjson.dumps(body), media_type="application/json")

    return await state.call(make, quick=True)
