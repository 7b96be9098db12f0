"""``/api/home``, ``/api/recommendations``, ``/api/trending`` and ``/api/similar``."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from service.api.cached import Made, made_of
from service.api.compat.hm_cards import Article, Cards, Highlight, Recommended, Scored
from service.api.compat.hm_ids import ArticleId, CustomerId, stored_id
from service.api.compat.hm_kept import Answers, Known, kept
from service.api.dependencies import AppState, RequestId, State, Tenant
from service.api.slate_schemas import Fallback
from service.context import Request, Services
from service.core.filters import Filter, Match
from service.core.types import Shelf, Slate
from service.explain.words import shelf_title
from service.pipeline import assigned, recommend, slots
from service.shelves import home_page
from service.store.catalog import product_ids
from service.store.categories import categories_named
from service.store.last_changed import last_changed

router = APIRouter(prefix="/api", tags=["hm"])

_OWN = {"Cache-Control": "private, no-store"}

Limit = Annotated[int | None, Query(ge=1, description="how many articles, 100 at most; 12 if left out")]
CategoryName = Annotated[
    str | None,
    Query(max_length=500, pattern=r"^[^\x00]*$", description="a path, as 'Ladieswear > Shoes', or any category's name"),
]


class _ForCustomer(BaseModel):
    customer_id: str
    recommendations: list[Recommended]
    release: str | None = Field(description="of the factors; null before the first training, when cf_score is 0")
    fallback: Fallback | None = Field(description="why it is what trends")
    degraded: dict[str, str] = Field(description="part of the formula -> why it is left out")


class Home(_ForCustomer):
    """A customer's home page; no article is on it twice."""

    hero: Highlight | None
    trending: list[Article]


class Recommendations(_ForCustomer):
    """What a customer may like, best first."""

    shortfall: str | None = Field(description="why there are fewer than asked for")


class Trending(BaseModel):
    """What is bought most these days."""

    category: str | None
    articles: list[Article]
    shortfall: str | None


class SimilarArticles(BaseModel):
    """Articles like one article: final_score = 0.3 text_score + 0.2 image_score."""

    article_id: str
    articles: list[Scored]
    shortfall: str | None


@router.get("/home/{customer_id}", response_model=Home, summary="A home page")
async def get_home(
    customer_id: CustomerId, state: State, request_id: RequestId, tenant: Tenant, limit: Limit = None
) -> Response:
    """What stands out, what the customer may like, and what trends; an unknown customer has the trend for both."""
    request = Request("home", request_id, tenant, user=customer_id, n=limit)
    return await state.call(lambda: _home(state, request))


@router.get("/recommendations/{customer_id}", response_model=Recommendations, summary="What a customer may like")
async def get_recommendations(
    customer_id: CustomerId, state: State, request_id: RequestId, tenant: Tenant, limit: Limit = None
) -> Response:
    """By the formula of the profile; what trends, and why, for customers of whom nothing is known."""
    request = Request("home", request_id, tenant, user=customer_id, n=limit)
    return await state.call(lambda: _recommendations(state, request))


@router.get("/trending", response_model=Trending, summary="What trends")
async def get_trending(
    state: State, request_id: RequestId, tenant: Tenant, answers: Answers, known: Known,
    category: CategoryName = None, limit: Limit = None,
) -> Response:  # fmt: skip
    """The same for everybody, of the whole shop or of a category."""
    request = Request("home", request_id, tenant, n=limit)

    def make() -> Made:
        return _trending(state, request, category)

    return await kept(state, answers, request, ("trending", category, limit), make, known)


@router.get("/similar/{article_id}", response_model=SimilarArticles, summary="Articles like this one")
async def get_similar(
    article_id: ArticleId, state: State, request_id: RequestId, tenant: Tenant, answers: Answers, known: Known,
    limit: Limit = None,
) -> Response:  # fmt: skip
    """By description and picture; neither the article itself nor another colour of it is among them."""
    request = Request("similar", request_id, tenant, product=article_id, n=limit)
    key = ("similar", article_id, limit)
    return await kept(state, answers, request, key, lambda: _similar(state, request), known, by_vectors=True)


def _recommendations(state: AppState, request: Request) -> Response:
    services = state.runtime.services
    slate = recommend(services, request)
    body = _for_customer(services, request, slate, Cards(state, [slate]))
    return _own(body | {"shortfall": slate.shortfall})


def _home(state: AppState, request: Request) -> Response:
    services = state.runtime.services
    top = home_page(services, replace(request, n=1), ("top_categories",))
    first = next((shelf for shelf in top if shelf.slate.items), None)
    shown = frozenset(item.product_id for item in first.slate.items) if first else frozenset()
    own, *rest = home_page(services, replace(request, taken=shown), ("for_you", "trending"))
    trend = _trend(services, replace(request, taken=shown | _shown(own)), rest)
    cards = Cards(state, [*([first.slate] if first else []), own.slate, trend.slate])
    body = _for_customer(services, request, own.slate, cards)
    return _own(body | {"hero": _hero(state, cards, first), "trending": cards.plain(trend.slate)})


def _for_customer(services: Services, request: Request, slate: Slate, cards: Cards) -> dict[str, Any]:
    return {
        "customer_id": request.user,
        "recommendations": cards.scored(slate, assigned(services, request).surface),
        "release": slate.release,
        "fallback": {"level": slate.level, "reason": slate.fallback} if slate.fallback else None,
        "degraded": dict(slate.degraded),
    }


def _hero(state: AppState, cards: Cards, shelf: Shelf | None) -> dict[str, Any] | None:
    if shelf is None:
        return None
    title = shelf_title(shelf.name, shelf.category, state.runtime.settings.language)
    return cards.highlight(shelf.slate, title, shelf.category)


def _trend(services: Services, request: Request, shelves: list[Shelf]) -> Shelf:
    """What trends; what is new where nobody has bought anything yet."""
    has_trend = shelves and shelves[0].slate.items
    return shelves[0] if has_trend else home_page(services, request, ("new_arrivals",))[0]


def _trending(state: AppState, request: Request, category: str | None) -> Made:
    services = state.runtime.services
    slots(request.n, assigned(services, request).surface)  # shelves of a page would be as long as they are asked to be
    if category is not None:
        with state.runtime.database.session() as session:
            paths = categories_named(session, request.tenant, [category]).get(category, (category,))
        request = replace(request, filter=Filter(must=(Match("category", paths),)))
    shelf = _trend(services, request, list(home_page(services, request, ("trending",))))
    cards = Cards(state, [shelf.slate])
    body = {"category": category, "articles": cards.plain(shelf.slate), "shortfall": shelf.slate.shortfall}
    return made_of(body, cards.products, (replace(request, shelf=shelf.name), shelf.slate))


def _similar(state: AppState, request: Request) -> Made:
    services = state.runtime.services
    with state.runtime.database.session() as session:
        request = replace(request, product=stored_id(session, request.tenant, request.product or ""))
    slate = recommend(services, request)
    cards = Cards(state, [slate])
    articles = cards.scored(slate, assigned(services, request).surface)
    plain = [{name: one[name] for name in Scored.model_fields} for one in articles]
    body = {"article_id": request.product, "articles": plain, "shortfall": slate.shortfall}
    return made_of(body, {**cards.products, **_anchor(state, request)}, (request, slate))


def _anchor(state: AppState, request: Request) -> dict[int, datetime]:
    """The article asked about: once it is gone or another one, its answer is too."""
    with state.runtime.database.session() as session:
        ids = product_ids(session, request.tenant, [request.product or ""]).values()
        return last_changed(session, ids)


def _shown(shelf: Shelf) -> frozenset[int]:
    return frozenset(item.product_id for item in shelf.slate.items)


def _own(body: dict[str, Any]) -> Response:
    """An answer for one customer; nobody keeps it."""
    return Response(orjson.dumps(body), media_type="application/json", headers=_OWN)
