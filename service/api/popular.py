"""``/v1/trending``: what is popular now, overall or in one category, and the other lists of the shop."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from service.api.dependencies import AppState, RequestId, State, Tenant
from service.api.product_schemas import Shown
from service.api.products_io import shown
from service.context import Request
from service.core.errors import IndexNotReady, NotFound
from service.core.filters import Filter, Match, matches
from service.core.popular import Popular, TopList
from service.rules_for import rules_for
from service.store.catalog import get_products
from service.store.payload import is_in_stock, product_payload

router = APIRouter(prefix="/v1/trending", tags=["trending"])

Kind = Literal["trending", "best_value", "newest"]


class PopularItem(Shown):
    """A product of a popular list."""

    id: str
    rank: int
    score: float
    in_stock: bool


class PopularList(BaseModel):
    """One of the shop's lists, best first, and the categories that trend."""

    kind: Kind
    category: str | None
    made_at: str
    items: list[PopularItem]
    categories: list[str]


@router.get("", summary="What is popular now")
async def get_trending(
    state: State,
    request_id: RequestId,
    tenant: Tenant,
    kind: Annotated[Kind, Query(description="time-decayed events, discount x rating, or new arrivals")] = "trending",
    category: Annotated[str | None, Query(max_length=500, description="'Home' or 'Home > Kitchen'")] = None,
    n: Annotated[int, Query(ge=1, le=100)] = 20,
) -> PopularList:
    """Products that can be bought, best first; refreshed as ``[popular]`` says."""
    return await state.call(lambda: popular_list(state, request_id, tenant, kind, category, n), quick=True)


def popular_list(
    state: AppState, request_id: str, tenant: str, kind: Kind, category: str | None, n: int
) -> PopularList:
    """The first `n` products of a list that can be bought; blocks.

    Raises
    ------
    IndexNotReady : nothing was counted yet. NotFound : there is no such list.
    """
    popular = state.runtime.services.popular(tenant)
    if popular is None:
        raise IndexNotReady("the popular lists have not been counted yet; try again in a moment")
    top = _list(popular, kind, category)
    about = Filter(must=(Match("category", (category,)),)) if category else None
    required = rules_for(state.runtime.services, Request("trending", request_id, tenant, filter=about)).filter
    with state.runtime.database.session() as session:
        found = get_products(session, top.ids.tolist())
    items: list[PopularItem] = []
    for product_id, score in zip(top.ids.tolist(), top.scores.tolist(), strict=True):
        stored = found.get(product_id)
        if stored is None or len(items) >= n or not matches(required, product_payload(stored.product), product_id):
            continue
        if stored.product.visible and is_in_stock(stored.product.stock):
            card = shown(stored.product)
            rank = len(items) + 1
            items.append(PopularItem(id=stored.product.external_id, rank=rank, score=score, in_stock=True, **card))
    return PopularList(
        kind=kind,
        category=category,
        made_at=popular.made_at.isoformat(),
        items=items,
        categories=list(popular.categories),
    )


def _list(popular: Popular, kind: Kind, category: str | None) -> TopList:
    if category is None:
        return {"trending": popular.trending, "best_value": popular.best_value, "newest": popular.newest}[kind]
    if kind != "trending":
        raise NotFound(f"{kind!r} is not kept per category; leave `category` out", code="no_such_list")
    if category not in popular.by_category:
        known = ", ".join(sorted(path for path in popular.by_category if ">" not in path)[:20])
        raise NotFound(f"nothing trends in {category[:100]!r}; there is {known}", code="no_such_category")
    return popular.by_category[category]
