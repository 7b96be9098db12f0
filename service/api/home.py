"""``/v1/home``: the feed of one user or session."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from service.api.dependencies import FilterText, RequestId, State, Tenant, filter_from
from service.api.schemas import HomeRequest, PersonId, SlateOut
from service.api.simple_filters import SimpleFilter
from service.api.slates import answer
from service.context import Request
from service.core.filters import all_of

router = APIRouter(prefix="/v1/home", tags=["home"])


@router.post("", response_model=SlateOut, summary="A user's feed, with filters and exclusions")
async def post_home(body: HomeRequest, state: State, request_id: RequestId, tenant: Tenant) -> Response:
    """What this user or session may like next; a newcomer gets what is popular, and the answer says so."""
    request = Request(
        "home", request_id, tenant, user=body.user, session=body.session, n=body.n,
        filter=filter_from(state, body.filter), exclude=tuple(body.exclude_ids), weights=body.weights,
        mmr_lambda=body.mmr_lambda,
    )  # fmt: skip
    return await state.call(lambda: answer(state, request, explain=body.explain), quick=True)


@router.get("", response_model=SlateOut, summary="A user's feed from a link")
async def get_home(
    state: State,
    request_id: RequestId,
    tenant: Tenant,
    simple: SimpleFilter,
    user: PersonId | None = None,
    session: PersonId | None = None,
    n: Annotated[int | None, Query(ge=1)] = None,
    filter: FilterText = None,
    explain: bool = False,
) -> Response:
    """The same with its simple parameters in the URL."""
    wanted = all_of(simple, filter_from(state, filter))
    request = Request("home", request_id, tenant, user=user, session=session, n=n, filter=wanted)
    return await state.call(lambda: answer(state, request, explain=explain), quick=True)
