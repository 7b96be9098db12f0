"""``POST /api/recommendations``: our home feed with what the request tells, in the fullstack API's own words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fastapi import APIRouter

from service.api.clock import Now
from service.api.compat.fullstack_ids import ids_of, numbers_of
from service.api.compat.fullstack_parts import DIGITS, breakdown, confidence
from service.api.compat.fullstack_schemas import (
    ProductRecommendation,
    RecommendationRequest,
    RecommendationResponse,
    UserBehavior,
)
from service.api.dependencies import AppState, RequestId, State, Tenant
from service.api.slates import fact_of, products_of
from service.api.told import with_told
from service.api.wording import Smith
from service.context import Request
from service.core.told import Told
from service.core.types import Slate
from service.experiments import CONTROL
from service.explain.facts import Fact
from service.explain.llm.said import Said
from service.pipeline import assigned, recommend
from service.store.product_rows import StoredProduct

router = APIRouter(prefix="/api", tags=["fullstack"])

UNTRAINED = "untrained"
"""The version of a model before the first training."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A slate with its products, those that led to them too.

    Attributes
    ----------
    numbers : internal id -> the number a product goes by. weights : of the signals in force.
    """

    slate: Slate
    products: Mapping[int, StoredProduct]
    numbers: Mapping[int, int]
    weights: Mapping[str, float]

    def facts(self) -> list[Fact]:
        """Why each product is there."""
        return [fact_of(item, self.slate.evidence.get(item.product_id), self.products) for item in self.slate.items]

    def names(self) -> list[str | None]:
        """Of the products and their brands."""
        shown = [self.products[item.product_id].product for item in self.slate.items]
        return [name for product in shown for name in (product.name, product.brand)]


@router.post("/recommendations", summary="What a user may like, and why")
async def post_recommendations(
    body: RecommendationRequest, state: State, request_id: RequestId, tenant: Tenant, now: Now, smith: Smith
) -> RecommendationResponse:
    """Best first; `X-Request-Id` of the answer is the `request_id` by which clicks are counted for it."""
    who = body.user_behavior
    user = state.caller.person(who.user_id or None)
    request = Request("home", request_id, tenant, user=user, session=who.session_id or None, n=body.limit, explain=True)
    found = await state.call(lambda: _find(state, request, who))
    worded = await smith.words(found.facts(), found.names(), state.runtime.settings.language)
    return RecommendationResponse(
        recommendations=[_recommendation(found, place, said) for place, said in enumerate(worded.sentences)],
        user_insight=worded.insight.text,
        timestamp=now,
        model_version=model_version(found.slate),
    )


def _find(state: AppState, request: Request, who: UserBehavior) -> _Found:
    with state.runtime.database.session() as session:
        ids = ids_of(session, request.tenant, {*who.viewed, *who.purchased})
    asked = with_told(state, request, _told(who, ids))
    slate = recommend(state.runtime.services, asked)
    products = products_of(state, [slate])
    slate_products = [products[item.product_id] for item in slate.items if item.product_id in products]
    with state.runtime.database.session() as session:
        numbers = numbers_of(session, request.tenant, slate_products)
    weights = assigned(state.runtime.services, asked).surface.weights
    return _Found(_without_deleted(slate, products), products, numbers, weights)


def _told(who: UserBehavior, ids: Mapping[int, str]) -> Told:
    """Newest first, as sessions remember it."""
    viewed, bought = (
        tuple(dict.fromkeys(ids[number] for number in reversed(numbers) if number in ids))
        for numbers in (who.viewed, who.purchased)
    )
    return Told(viewed, bought, tuple(dict.fromkeys(name for name in reversed(who.recent_views) if name)))


def _without_deleted(slate: Slate, products: Mapping[int, StoredProduct]) -> Slate:
    """A product deleted since it was checked has no name any more."""
    return replace(slate, items=tuple(item for item in slate.items if item.product_id in products))


def _recommendation(found: _Found, place: int, said: Said) -> ProductRecommendation:
    item = found.slate.items[place]
    score = round(item.score, DIGITS)
    return ProductRecommendation(
        product_id=found.numbers[item.product_id],
        product_name=found.products[item.product_id].product.name,
        score=score,
        confidence=confidence(score),
        explanation=said.text,
        algorithm_breakdown=breakdown(item.contributions, found.weights),
    )


def model_version(slate: Slate) -> str:
    """The release that answered, and what else made the answer differ, as the log of what was shown has them."""
    release = slate.release or UNTRAINED
    return release if slate.variant == CONTROL else f"{release}/{slate.variant}"
