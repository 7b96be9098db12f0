"""``/v1/home``: the feed of one user or session."""

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from config.surface import SHELVES, ShelfName
from service.api.dependencies import AppState, FilterText, RequestId, State, Tenant, filter_from
from service.api.home_schemas import HomeOut, HomeRequest
from service.api.simple_filters import SimpleFilter
from service.api.slates import answer, page_answer, request_from
from service.api.told import told_of, with_told
from service.api.visitor import FromQuery
from service.context import Request
from service.core.errors import InvalidQuery
from service.core.filters import all_of
from service.core.told import Told

router = APIRouter(prefix="/v1/home", tags=["home"])


@router.post("", response_model=HomeOut, summary="A user's feed, with filters and exclusions")
async def post_home(body: HomeRequest, state: State, request_id: RequestId, tenant: Tenant) -> Response:
    """What this user or session may like next; a newcomer gets what is popular, and the answer says so."""
    request = request_from("home", body, state, request_id, tenant)
    told = told_of([(one.type, one.product) for one in body.history], body.categories)
    return await _answer(state, request, body.shelves, told, explain=body.explain)


@router.get("", response_model=HomeOut, summary="A user's feed from a link")
async def get_home(
    state: State,
    request_id: RequestId,
    tenant: Tenant,
    simple: SimpleFilter,
    visitor: FromQuery,
    n: Annotated[int | None, Query(ge=1)] = None,
    filter: FilterText = None,
    shelves: Annotated[
        str | None, Query(max_length=500, description="`all`, or names of shelves with commas between them")
    ] = None,
    explain: bool = False,
) -> Response:
    """The same with its simple parameters in the URL."""
    wanted = all_of(simple, filter_from(state, filter))
    request = Request("home", request_id, tenant, n=n, filter=wanted, **visitor.as_request())
    return await _answer(state, request, _names(shelves), Told(), explain=explain)


async def _answer(
    state: AppState, request: Request, shelves: Literal["all"] | Sequence[ShelfName] | None, told: Told, *,
    explain: bool,
) -> Response:  # fmt: skip
    def work() -> Response:
        asked = with_told(state, request, told)
        if shelves is None:
            return answer(state, asked, explain=explain)
        names = state.runtime.params.page.shelves if shelves == "all" else shelves
        return page_answer(state, asked, names, explain=explain)

    return await state.call(work, quick=state.runtime.redis is None)


def _names(raw: str | None) -> Literal["all"] | list[ShelfName] | None:
    if raw is None:
        return None
    if raw == "all":
        return "all"
    asked = [part.strip() for part in raw.split(",")]
    if unknown := sorted(set(asked) - set(SHELVES)):
        raise InvalidQuery(f"shelves: there is no {unknown[0][:50]!r}; there are all, {', '.join(SHELVES)}")
    return sorted((name for name in SHELVES if name in asked), key=asked.index)
