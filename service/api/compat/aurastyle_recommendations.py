"""``/recommendations`` of the AuraStyle API: ``Wc * content + Wcf * collaborative + Wp * popularity``."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Response

from service.api.compat.aurastyle_accounts import Me
from service.api.compat.aurastyle_products import Limit, answer, products
from service.api.compat.aurastyle_schemas import Recommendations
from service.api.dependencies import AppState, RequestId, State, Tenant
from service.api.simple_filters import SimpleFilter
from service.context import Request
from service.core.types import RankedItem, Slate
from service.pipeline import assigned, recommend

router = APIRouter(prefix="/recommendations", tags=["aurastyle"])

SIGNALS = {"content": "text", "collaborative": "cf", "popularity": "trending"}
"""Part of the formula -> signal."""

Weight = Annotated[
    float | None, Query(ge=0, le=1000, allow_inf_nan=False, description="in place of the configured one")
]


@router.get("", response_model=Recommendations, summary="What the signed-in user may like")
async def get_recommendations(
    user: Me,
    state: State,
    request_id: RequestId,
    tenant: Tenant,
    simple: SimpleFilter,
    limit: Limit = 10,
    content_weight: Weight = None,
    collaborative_weight: Weight = None,
    popularity_weight: Weight = None,
) -> Response:
    """Each product with its score and the three normalised parts it is made of."""
    asked = {"text": content_weight, "cf": collaborative_weight, "trending": popularity_weight}
    weights = {signal: weight for signal, weight in asked.items() if weight is not None}
    request = Request(
        "home", request_id, tenant, user=user, n=limit, filter=simple, weights=weights or None, explain=True
    )
    return await state.call(lambda: _recommendations(state, request, user), quick=True)


def _recommendations(state: AppState, request: Request, user: str) -> Response:
    services = state.runtime.services
    slate = recommend(services, request)
    in_force = assigned(services, request).surface.weights
    found = products(state, [item.product_id for item in slate.items])
    return answer(
        {
            "user_id": user,
            "items": [_item(slate, item, found[item.product_id]) for item in slate.items if item.product_id in found],
            "weights": {part: in_force[signal] for part, signal in SIGNALS.items()},
            "model_version": slate.release,
            "request_id": slate.request_id,
            "fallback": slate.fallback,
        }
    )


def _item(slate: Slate, item: RankedItem, product: Mapping[str, object]) -> dict[str, object]:
    said = slate.evidence[item.product_id].said
    parts = {part: said[signal].normalised if signal in said else 0.0 for part, signal in SIGNALS.items()}
    others = {name: added for name, added in item.contributions.items() if name not in SIGNALS.values()}
    return {"product": product, "score": item.score, **parts, "adjustments": others}
