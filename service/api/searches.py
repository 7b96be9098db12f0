"""``/v1/searches``: what people search for, and with what success."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from service.api.dependencies import State, Tenant
from service.store.search_counts import QueryCount
from service.suggest import LiveSuggestions

router = APIRouter(prefix="/v1/searches", tags=["search"])


class SearchCount(BaseModel):
    """One query."""

    query: str
    visitors: int = Field(description="different users or sessions")
    searches: int = Field(description="the same visitor's within half an hour are one")
    nothing: int = Field(description="searches without a filter that nothing matched")
    takers: int = Field(description="visitors who then viewed, clicked or bought something")
    click_rate: float = Field(description="takers / visitors")


class SearchesOut(BaseModel):
    """Queries that enough people made."""

    window_days: float
    min_visitors: int
    queries: list[SearchCount]


@router.get("", summary="What people search for, and what they do not find")
async def get_searches(
    request: Request,
    state: State,
    tenant: Tenant,
    only: Annotated[
        Literal["all", "nothing"], Query(description="nothing: those that found nothing, most often first")
    ] = "all",
    n: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> SearchesOut:
    """`vitrine eval searches` knows more: few clicks, and synonyms that could help.

    Queries of fewer than `min_visitors` people stay with those who typed them.
    """
    live: LiveSuggestions = request.app.state.suggestions
    params = state.runtime.params.suggest
    counts = await state.call(lambda: live.queries(tenant), quick=live.is_ready(tenant))
    if only == "nothing":
        counts = sorted((one for one in counts if one.nothing), key=lambda one: -one.nothing)
    found = [_out(one) for one in counts[:n]]
    return SearchesOut(window_days=params.window_days, min_visitors=params.min_visitors, queries=found)


def _out(one: QueryCount) -> SearchCount:
    return SearchCount(
        query=one.query, visitors=one.visitors, searches=one.searches, nothing=one.nothing, takers=one.takers,
        click_rate=one.click_rate,
    )  # fmt: skip
