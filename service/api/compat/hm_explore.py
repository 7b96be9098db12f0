"""``/api/explore``: all articles, filtered, counted, sorted and page by page."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, StringConstraints

from service.api.cached import Made, made_of
from service.api.compat.hm_cards import Article, Cards
from service.api.compat.hm_kept import Answers, Known, kept
from service.api.dependencies import AppState, RequestId, State, Tenant
from service.api.list_schemas import SORT_HELP, FacetOut
from service.context import Request
from service.core.cursor import MAX_LENGTH
from service.core.filters import Condition, Filter, Match, Range, all_of
from service.listed import Listed, search_listed
from service.store.categories import categories_named

router = APIRouter(prefix="/api", tags=["hm"])

FACETS = {
    "category": "category", "colour": "attributes.colour", "department": "attributes.department",
    "section": "attributes.section", "garment_group": "attributes.garment_group", "price": "price",
}  # fmt: skip
"""What is counted: its name here -> the field."""

Name = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
Names = Annotated[list[Name] | None, Query(max_length=100)]
Amount = Annotated[float | None, Query(ge=0, lt=1e12, allow_inf_nan=False)]
Categories = Annotated[
    list[Name] | None, Query(max_length=100, description="paths, as 'Ladieswear > Shoes', or names of any level")
]
Words = Annotated[str, Query(max_length=1000, pattern=r"^[^\x00]*$", description="what to look for")]
Sort = Annotated[str, Query(max_length=80, description=SORT_HELP)]
Limit = Annotated[int | None, Query(ge=1, description="articles of a page, 100 at most; 24 if left out")]
After = Annotated[str | None, Query(max_length=MAX_LENGTH, description="next_cursor of the page before")]


class Explored(BaseModel):
    """A page of articles."""

    articles: list[Article]
    total: int = Field(description="articles on all pages")
    total_is_at_least: bool
    next_cursor: str | None = Field(description="null on the last page")
    facets: dict[str, FacetOut] | None = Field(description="on the first page: what it could be narrowed down to")
    sort: str
    shortfall: str | None


@router.get("/explore", response_model=Explored, summary="All articles, with filters")
async def get_explore(
    state: State, request_id: RequestId, tenant: Tenant, answers: Answers, known: Known,
    q: Words = "", category: Categories = None, colour: Names = None, department: Names = None,
    section: Names = None, garment_group: Names = None, min_price: Amount = None, max_price: Amount = None,
    sort: Sort = "relevance", limit: Limit = None, cursor: After = None,
) -> Response:  # fmt: skip
    """Several values of one filter mean any of them; the count of a filter's values leaves that filter out."""
    attributes = {"colour": colour, "department": department, "section": section, "garment_group": garment_group}
    wanted: list[Condition | None] = [
        Match(FACETS[name], tuple(values)) for name, values in attributes.items() if values
    ]
    if min_price is not None or max_price is not None:
        wanted.append(Range("price", gte=min_price, lte=max_price))
    named = tuple(category or ())
    request = Request("search", request_id, tenant, text=q.strip() or None, n=limit, filter=all_of(*wanted),
                      may_relax=True)  # fmt: skip

    def make() -> Made:
        return _explored(state, _within(state, request, named), sort, cursor)

    if request.text is not None or cursor is not None:
        made = await state.call(make)
        return Response(made.body, media_type="application/json", headers={"Cache-Control": "no-cache"})
    key = ("explore", request.filter, named, sort, limit)
    return await kept(state, answers, request, key, make, known)


def _within(state: AppState, request: Request, named: tuple[str, ...]) -> Request:
    """The request within categories, by their names or paths; what no category is called finds nothing."""
    if not named:
        return request
    with state.runtime.database.session() as session:
        found = categories_named(session, request.tenant, named)
    paths = dict.fromkeys(path for name in named for path in found.get(name, (name,)))
    within = Match("category", tuple(paths))
    must = (*request.filter.must, within) if request.filter else (within,)
    return replace(request, filter=Filter(must))


def _explored(state: AppState, request: Request, sort: str, cursor: str | None) -> Made:
    services, facets = state.runtime.services, tuple(FACETS.values())
    page = search_listed(services, request, sort=sort, facets=facets, after=cursor)
    cards = Cards(state, [page.slate])
    body: dict[str, Any] = {
        "articles": cards.plain(page.slate),
        "total": page.total,
        "total_is_at_least": page.is_at_least,
        "next_cursor": page.next_cursor,
        "facets": _facets(page),
        "sort": sort,
        "shortfall": page.slate.shortfall,
    }
    return made_of(body, cards.products, (request, page.slate))


def _facets(page: Listed) -> dict[str, object] | None:
    return None if page.facets is None else {name: page.facets[field] for name, field in FACETS.items()}
