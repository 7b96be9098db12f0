"""``/v1/search``: words to products, as one slate or as a list to count, sort and page through."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from service.api.dependencies import AppState, FilterText, RequestId, State, Tenant, filter_from
from service.api.list_schemas import SORT_HELP, ListRequest, SearchOut
from service.api.lists import list_answer
from service.api.simple_filters import SimpleFilter
from service.api.slates import answer, request_from
from service.api.visitor import FromQuery
from service.context import Request
from service.core.cursor import MAX_LENGTH
from service.core.filters import all_of
from service.core.understood import TraitKind

NO_NUL = r"^[^\x00]*$"

router = APIRouter(prefix="/v1/search", tags=["search"])


@router.post("", response_model=SearchOut, summary="Search with filters, weights and explanations")
async def post_search(body: ListRequest, state: State, request_id: RequestId, tenant: Tenant) -> Response:
    """Products for the words of `query`: word matches, meaning and pictures, fused; without words, the catalogue."""
    request = request_from("search", body, state, request_id, tenant, text=body.query or None, correct=body.correct)
    request = replace(request, ignore=frozenset(body.ignore))
    return await _answer(state, request, body.sort, body.facets, body.cursor, explain=body.explain)


@router.get("", response_model=SearchOut, summary="Search from a link")
async def get_search(
    state: State,
    request_id: RequestId,
    tenant: Tenant,
    simple: SimpleFilter,
    visitor: FromQuery,
    q: Annotated[str, Query(max_length=1000, pattern=NO_NUL, description="the shopper's words")] = "",
    n: Annotated[int | None, Query(ge=1)] = None,
    filter: FilterText = None,
    sort: Annotated[str | None, Query(max_length=80, description=SORT_HELP)] = None,
    facets: Annotated[
        list[str] | None, Query(max_length=100, description="fields to count: brand,category,price,attributes.colour")
    ] = None,
    cursor: Annotated[str | None, Query(max_length=MAX_LENGTH, description="next_cursor of the page before")] = None,
    explain: bool = False,
    correct: Annotated[bool, Query(description="false: misspelt words stay as they are")] = True,
    ignore: Annotated[
        list[TraitKind] | None, Query(description="kinds of traits that no words are to be read as")
    ] = None,
) -> Response:
    """The same search with its simple parameters in the URL."""
    wanted = all_of(simple, filter_from(state, filter))
    text = q.strip() or None
    request = Request(
        "search", request_id, tenant, text=text, n=n, filter=wanted, correct=correct, ignore=frozenset(ignore or ()),
        **visitor.as_request(),
    )  # fmt: skip
    names = [name.strip() for given in facets or () for name in given.split(",") if name.strip()]
    return await _answer(state, request, sort, names, cursor, explain=explain)


async def _answer(
    state: AppState, request: Request, sort: str | None, facets: list[str], cursor: str | None, *, explain: bool
) -> Response:
    if request.text is None or sort is not None or facets or cursor is not None:
        return await state.call(lambda: list_answer(state, request, sort, facets, cursor, explain=explain))
    # weights of the request's own are taken at their word
    relaxing = replace(request, may_relax=request.weights is None)
    return await state.call(lambda: answer(state, relaxing, explain=explain))
