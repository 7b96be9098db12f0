"""A marketplace's API: ``GET /recommendations/{buyer_id}``, which is our home feed with its products."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Response

from service.api.compat.marketplace_schemas import MarketProduct, Recommendations
from service.api.dependencies import AppState, RequestId, State, Tenant
from service.api.products_io import image_link
from service.api.values import PersonId
from service.context import Request
from service.core.carried import SOURCE_ROW, facts
from service.pipeline import recommend
from service.store.catalog import get_products
from service.store.payload import is_in_stock, major_price, plain_attributes
from service.store.product_rows import StoredProduct

router = APIRouter(prefix="/recommendations", tags=["marketplace"])

_FIELDS = tuple(MarketProduct.model_fields)
_USUAL = {name: field.get_default() for name, field in MarketProduct.model_fields.items()}
_WORDS = frozenset(name for name, field in MarketProduct.model_fields.items() if field.annotation == str | None)


@router.get("/{buyer_id}", response_model=Recommendations, summary="What a buyer may like")
async def get_recommendations(
    buyer_id: Annotated[PersonId, Path(description="the shop's own id of the buyer; an unknown one gets what trends")],
    state: State,
    request_id: RequestId,
    tenant: Tenant,
    top_k: Annotated[int, Query(ge=1, description="how many products, at most as `surfaces.home.max_n` says")] = 5,
) -> Response:
    """Products the buyer has not dealt with yet, best first; what trends where nothing is known."""
    request = Request("home", request_id, tenant, user=buyer_id, n=top_k)
    return await state.call(lambda: _answer(state, request), quick=True)


def _answer(state: AppState, request: Request) -> Response:
    slate = recommend(state.runtime.services, request)
    with state.runtime.database.session() as session:
        found = get_products(session, [item.product_id for item in slate.items])
    shown = [market_product(found[item.product_id]) for item in slate.items if item.product_id in found]
    return Response(orjson.dumps({"recommended_products": shown}), media_type="application/json")


def market_product(stored: StoredProduct) -> dict[str, Any]:
    """A product in the marketplace's own fields, in the order of its description.

    One that came from the marketplace's database is answered as its row is; another is translated, and what our
    products lack comes from the attributes of the same name, or is what the description's example has.
    """
    known = _translated(stored) | {name: value for name, value in _row(stored).items() if value is not None}
    merged = _USUAL | {name: value for name, value in known.items() if value is not None}
    return {name: merged[name] for name in _FIELDS} | {"isDraft": bool(merged["isDraft"])}


def _row(stored: StoredProduct) -> dict[str, Any]:
    """The row of the marketplace's database; empty for products from elsewhere."""
    try:
        told = orjson.loads(str(stored.product.attributes.get(SOURCE_ROW)))
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _translated(stored: StoredProduct) -> dict[str, Any]:
    product = stored.product
    attributes = plain_attributes(facts(product.attributes))
    in_stock = is_in_stock(product.stock)
    image = image_link(product.external_id, product.image)
    return _own_words(attributes) | {
        "id": product.external_id,
        "name": product.name,
        "description": product.description,
        "price": major_price(product.price_minor, product.currency),
        "availableQuantity": product.stock or 0,
        "images": [image] if image else [],
        "isDraft": not product.visible,
        "stockStatus": "IN_STOCK" if in_stock else "OUT_OF_STOCK",
        "rating": product.rating or 0.0,
        "reviewCount": product.review_count,
        "categoryId": " > ".join(product.category) or None,
        "createdAt": _moment(product.created_at),
        "updatedAt": _moment(stored.updated_at),
        "attributes": attributes,
    }


def _own_words(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that are fields of the marketplace; a colour is a color."""
    words = {"color": attributes.get("colour")} | dict(attributes)
    return {name: str(words[name]) for name in _WORDS if words.get(name) is not None}


def _moment(at: datetime | None) -> str | None:
    """UTC without a zone, as the marketplace writes it."""
    return None if at is None else at.astimezone(UTC).replace(tzinfo=None).isoformat()
