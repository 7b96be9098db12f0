"""``/products`` of the AuraStyle API: the catalogue, and products like one product."""

from collections.abc import Iterable, Mapping
from typing import Annotated

import numpy as np
import orjson
from fastapi import APIRouter, Path, Query, Response

from service.api.compat.aurastyle_schemas import ProductOut, Products, SimilarProducts
from service.api.dependencies import AppState, RequestId, State, Tenant
from service.api.products_io import shown
from service.api.simple_filters import SimpleFilter
from service.api.values import ProductId
from service.context import Request
from service.core.errors import NotFound
from service.core.types import DEFAULT_TENANT
from service.listed import search_listed
from service.pipeline import recommend
from service.store.catalog import get_product, get_products
from service.store.payload import is_in_stock, plain_attributes
from service.store.product_rows import StoredProduct

router = APIRouter(prefix="/products", tags=["aurastyle"])

Id = Annotated[ProductId, Path(description="the product's id")]
Limit = Annotated[int, Query(ge=1, le=100)]


@router.get("", response_model=Products, summary="The catalogue")
async def get_catalogue(
    state: State,
    request_id: RequestId,
    tenant: Tenant,
    simple: SimpleFilter,
    q: Annotated[str, Query(max_length=1000, pattern=r"^[^\x00]*$", description="words to search for")] = "",
    sort: Annotated[
        str | None, Query(max_length=80, description="relevance, price, -price, rating, newest, popularity, discount")
    ] = None,
    limit: Limit = 20,
    cursor: Annotated[str | None, Query(max_length=60_000, description="next_cursor of the page before")] = None,
) -> Response:
    """What matches words and filters, page by page, sold-out products too."""
    request = Request("search", request_id, tenant, text=q.strip() or None, n=limit, filter=simple, may_relax=True)

    def work() -> Response:
        page = search_listed(state.runtime.services, request, sort=sort or "relevance", after=cursor)
        found = products(state, [item.product_id for item in page.slate.items])
        return answer(
            {
                "items": list(found.values()),
                "total": page.total,
                "total_is_at_least": page.is_at_least,
                "next_cursor": page.next_cursor,
            }
        )

    return await state.call(work)


@router.get("/{id}", response_model=ProductOut, summary="One product")
async def get_one(id: Id, state: State, tenant: Tenant) -> Response:
    """404 where there is none, or where the shop does not show it."""
    return await state.call(lambda: answer(_outputs(state, [_shown(state, tenant, id)])[0]), quick=True)


@router.get("/{id}/similar", response_model=SimilarProducts, summary="Products like this one")
async def get_similar(id: Id, state: State, request_id: RequestId, tenant: Tenant, limit: Limit = 10) -> Response:
    """By the cosine similarity of what is written about them."""
    request = Request("similar", request_id, tenant, product=id, n=limit, explain=True)

    def work() -> Response:
        _shown(state, tenant, id)
        slate = recommend(state.runtime.services, request)
        found = products(state, [item.product_id for item in slate.items])
        near = {product: said["text"].raw for product in found if "text" in (said := slate.evidence[product].said)}
        items = [{"product": found[product], "similarity": max(-1.0, min(1.0, raw))} for product, raw in near.items()]
        return answer({"product_id": id, "items": items})

    return await state.call(work, quick=True)


def answer(body: Mapping[str, object]) -> Response:
    """A body as JSON, written without a look at its schema: that would take longer than making it."""
    return Response(orjson.dumps(body), media_type="application/json")


def products(state: AppState, ids: Iterable[int]) -> dict[int, dict[str, object]]:
    """Internal id -> a `ProductOut`, in the same order; one deleted since it was found is left out."""
    wanted = list(ids)
    with state.runtime.database.session() as session:
        found = get_products(session, wanted)
    here = [found[product] for product in wanted if product in found]
    return dict(zip((stored.id for stored in here), _outputs(state, here), strict=True))


def _shown(state: AppState, tenant: str, external_id: str) -> StoredProduct:
    with state.runtime.database.session() as session:
        stored = get_product(session, tenant, external_id)
    if not stored.product.visible:
        raise NotFound(f"there is no product with id {external_id!r}", code="product_not_found")
    return stored


def _outputs(state: AppState, stored: list[StoredProduct]) -> list[dict[str, object]]:
    popularity = _popularity(state, [one.id for one in stored])
    return [_output(one, popularity) for one in stored]


def _output(stored: StoredProduct, popularity: Mapping[int, float]) -> dict[str, object]:
    product = stored.product
    return {
        "id": product.external_id,
        **shown(product),
        "description": product.description,
        "tags": list(product.tags),
        "attributes": plain_attributes(product.attributes),
        "in_stock": is_in_stock(product.stock),
        "metrics": {
            "popularity": popularity.get(stored.id, 0.0),
            "rating": product.rating,
            "review_count": product.review_count,
        },
    }


def _popularity(state: AppState, ids: list[int]) -> dict[int, float]:
    """Internal id -> how much was done with it; what is missing is 0."""
    popular = state.runtime.services.popular(DEFAULT_TENANT)
    if popular is None:
        return {}
    places = np.flatnonzero(np.isin(popular.trending.ids, ids))
    return dict(zip(popular.trending.ids[places].tolist(), popular.trending.scores[places].tolist(), strict=True))
