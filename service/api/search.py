"""``/v1/search``: words to products."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from service.api.dependencies import FilterText, RequestId, State, Tenant, filter_from
from service.api.schemas import SearchRequest, SlateOut
from service.api.simple_filters import SimpleFilter
from service.api.slates import answer, request_from
from service.api.visitor import FromQuery
from service.context import Request
from service.core.filters import all_of

_WORDS = r"^[^\x00]*[^\x00\s][^\x00]*$"  # something, and no NUL

router = APIRouter(prefix="/v1/search", tags=["search"])


@router.post("", response_model=SlateOut, summary="Search with filters, weights and explanations")
async def post_search(body: SearchRequest, state: State, request_id: RequestId, tenant: Tenant) -> Response:
    """Products for the words of `query`: word matches, meaning and pictures, fused."""
    request = request_from("search", body, state, request_id, tenant, text=body.query, correct=body.correct)
    return await state.call(lambda: answer(state, request, explain=body.explain))


@router.get("", response_model=SlateOut, summary="Search from a link")
async def get_search(
    q: Annotated[str, Query(max_length=1000, pattern=_WORDS, description="the shopper's words")],
    state: State,
    request_id: RequestId,
    tenant: Tenant,
    simple: SimpleFilter,
    visitor: FromQuery,
    n: Annotated[int | None, Query(ge=1)] = None,
    filter: FilterText = None,
    explain: bool = False,
    correct: Annotated[bool, Query(description="false: misspelt words stay as they are")] = True,
) -> Response:
    """The same search with its simple parameters in the URL."""
    wanted = all_of(simple, filter_from(state, filter))
    request = Request(
        "search", request_id, tenant, text=q.strip(), n=n, filter=wanted, correct=correct, **visitor.as_request()
    )
    return await state.call(lambda: answer(state, request, explain=explain))
