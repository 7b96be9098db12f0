"""``/recommendations``: home, product and search of the precision API."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from config.surface import ShelfName
from service.api.compat.precision_cards import Home, Results, Similar, answer, cards
from service.api.compat.precision_rules import Limit, checked_product, checked_user, checked_words, clamped
from service.api.dependencies import AppState, RequestId, State, Tenant
from service.context import Request, Services
from service.core.types import Shelf, Slate
from service.hydrate import Hydrated, hydrate
from service.listed import search_listed
from service.pipeline import assigned, recommend
from service.shelves import home_page

router = APIRouter(prefix="/recommendations", tags=["precision"])

NO_MATCHES = "no_search_matches"
_FOR_ALL: tuple[ShelfName, ...] = ("trending", "best_value", "top_categories")


@router.get("/home", response_model=Home, summary="A home page of five kinds of lists")
async def get_home(
    state: State,
    request_id: RequestId,
    tenant: Tenant,
    user_id: Annotated[str | None, Query(description="1 to 50 letters and digits")] = None,
    response_limit: Limit = None,
) -> Response:
    """What the user may like, what trends, what is good value, the top categories, and a bit of everything."""
    user = checked_user(user_id)
    request = Request("home", request_id, tenant, user=user, n=_limit(state, "home", response_limit))
    return await state.call(lambda: _home(state, request), quick=True)


@router.get("/product/{product_id}", response_model=Similar, summary="Products like this one")
async def get_product(
    product_id: str, state: State, request_id: RequestId, tenant: Tenant, response_limit: Limit = None
) -> Response:
    """By the words of name and sub-category, and by what is clicked together with it."""
    n = _limit(state, "similar", response_limit)
    request = Request("similar", request_id, tenant, product=checked_product(product_id), n=n)
    return await state.call(lambda: _similar(state, request), quick=True)


@router.get(
    "/search", response_model=Results, response_model_exclude_none=True, summary="Products for the words of a query"
)
async def get_search(
    state: State,
    request_id: RequestId,
    tenant: Tenant,
    query: Annotated[str | None, Query(description="1 to 255 characters")] = None,
    response_limit: Limit = None,
) -> Response:
    """What matches the words and their synonyms; what trends, and `fallback_reason`, where nothing does."""
    n = _limit(state, "search", response_limit)
    request = Request("search", request_id, tenant, text=checked_words(query), n=n)
    return await state.call(lambda: _search(state, request))


def _limit(state: AppState, surface: str, asked: int | None) -> int:
    params = state.runtime.params.surfaces[surface]
    return clamped(asked, params.n, params.max_n)


def _home(state: AppState, request: Request) -> Response:
    services = state.runtime.services
    assignment = assigned(services, request)
    known = hydrate(services, request, assignment.surface, assignment.release)
    own = _personalized(services, request, known)
    shelves = _shelves(services, _without(request, own), known)
    others = _without(replace(request, surface="diverse"), [*own, *_slates(shelves)])
    diverse = recommend(services, others, known)
    shown = iter(cards(state, request.tenant, [*own, *_slates(shelves), diverse]))
    body: dict[str, object] = {"personalized": next(shown) if own else []}
    named = [(shelf, next(shown)) for shelf in shelves]
    body |= {shelf.name: products for shelf, products in named if shelf.category is None}
    body["top_categories"] = {shelf.category: products for shelf, products in named if shelf.category is not None}
    return answer(body | {"diverse_picks": next(shown)})


def _personalized(services: Services, request: Request, known: Hydrated) -> list[Slate]:
    """The user's feed; none for whoever has no past, so that the other lists keep their best products."""
    return [recommend(services, replace(request, shelf="for_you"), known)] if known.query.past is not None else []


def _shelves(services: Services, request: Request, known: Hydrated) -> list[Shelf]:
    shelves = list(home_page(services, request, _FOR_ALL, known))
    if not shelves[0].slate.items:  # nobody has done anything yet: nothing can trend but what is new
        shelves[0] = replace(_newest(services, request), name=shelves[0].name)
    return shelves


def _newest(services: Services, request: Request) -> Shelf:
    return home_page(services, request, ("new_arrivals",))[0]


def _without(request: Request, slates: Sequence[Slate]) -> Request:
    return replace(request, taken=request.taken | {item.product_id for slate in slates for item in slate.items})


def _slates(shelves: Sequence[Shelf]) -> list[Slate]:
    return [shelf.slate for shelf in shelves]


def _similar(state: AppState, request: Request) -> Response:
    (similar,) = cards(state, request.tenant, [recommend(state.runtime.services, request)])
    return answer({"similar": similar})


def _search(state: AppState, request: Request) -> Response:
    services = state.runtime.services
    slate = search_listed(services, request, after=None).slate
    if slate.items:
        (results,) = cards(state, request.tenant, [slate])
        return answer({"results": results})
    instead = replace(request, surface="home", text=None)
    (trending,) = home_page(services, instead, ("trending",))
    if not trending.slate.items:
        trending = _newest(services, instead)
    (results,) = cards(state, request.tenant, [trending.slate])
    return answer({"results": results, "fallback_reason": NO_MATCHES})
