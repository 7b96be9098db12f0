"""``GET /api/products`` and ``GET /health`` of the fullstack API."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response

from service.api.compat.fullstack_ids import numbers_of
from service.api.compat.fullstack_schemas import CatalogueProduct, Health
from service.api.dependencies import AppState, State, Tenant
from service.api.readiness import PartState, overall, parts
from service.core.carried import facts
from service.core.filters import Filter, Match, all_of
from service.store.catalog import count_products, list_products
from service.store.categories import categories_named
from service.store.payload import category_path, major_price, plain_attributes
from service.store.product_rows import StoredProduct

router = APIRouter(tags=["fullstack"])


@router.get("/api/products", summary="The catalogue")
async def get_products(
    state: State,
    tenant: Tenant,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    category: Annotated[
        str | None, Query(max_length=500, pattern=r"^[^\x00]*$", description="a name or a path, with all below it")
    ] = None,
) -> list[CatalogueProduct]:
    """Products by the shop's own ids, sold-out ones too; `X-Total-Count` says how many there are."""
    found, total = await state.call(lambda: _page(state, tenant, category, limit, offset))
    response.headers["X-Total-Count"] = str(total)
    return found


def _page(
    state: AppState, tenant: str, category: str | None, limit: int, offset: int
) -> tuple[list[CatalogueProduct], int]:
    with state.runtime.database.session() as session:
        wanted = Match("visible", (True,))
        within: Filter | None = all_of(wanted)
        if category is not None:
            paths = categories_named(session, tenant, [category]).get(category)
            if paths is None:
                return [], 0
            within = all_of(wanted, Match("category", paths))
        found, _ = list_products(session, tenant, filter=within, sort="id", after=None, limit=limit, offset=offset)
        total = count_products(session, tenant, within)
        numbers = numbers_of(session, tenant, found)
    popularity = _popularity(state, tenant, found)
    return [_product(stored, numbers[stored.id], popularity[stored.id]) for stored in found], total


def _product(stored: StoredProduct, number: int, popularity: int) -> CatalogueProduct:
    product = stored.product
    brand = {} if product.brand is None else {"brand": product.brand}
    return CatalogueProduct(
        product_id=number,
        sku=product.external_id,
        name=product.name,
        category=category_path(product.category),
        price=major_price(product.price_minor, product.currency),
        rating=product.rating,
        tags=list(product.tags),
        description=product.description,
        popularity=popularity,
        features=brand | plain_attributes(facts(product.attributes)),
        created_at=product.created_at,
    )


def _popularity(state: AppState, tenant: str, products: Sequence[StoredProduct]) -> Mapping[int, int]:
    """Internal id -> percent of the trend of what trends most."""
    popular = state.runtime.services.popular(tenant)
    trend = popular.trending if popular is not None else None
    if trend is None or not len(trend.ids) or trend.scores[0] <= 0:
        return {stored.id: 0 for stored in products}
    shares = dict(zip(trend.ids.tolist(), (trend.scores / trend.scores[0]).tolist(), strict=True))
    return {stored.id: round(100 * shares.get(stored.id, 0.0)) for stored in products}


@router.get("/health", summary="Whether the API can do its work")
async def get_health(state: State, response: Response) -> Health:
    """`healthy` and the service's name; 503 if a part does not work, see /health/ready for all of them."""
    found = await state.call(lambda: parts(state))
    is_broken = overall(found) is PartState.FAILED
    response.status_code = 503 if is_broken else 200
    problems = {part.name: part.reason or "" for part in found if part.state is not PartState.OK}
    return Health(status="unhealthy" if is_broken else "healthy", problems=problems)
