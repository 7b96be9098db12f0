"""``/v1/explain``: why a product is, or is not, shown to somebody."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from service.api.dependencies import AppState, RequestId, State, Tenant
from service.api.schemas import ProductId, SaidOut, SlateRequest
from service.api.similar import similar_request
from service.api.similar_schemas import SimilarFields
from service.api.slates import request_from
from service.core.errors import InvalidQuery
from service.why_not import why_not_shown

router = APIRouter(prefix="/v1/explain", tags=["explain"])


class ExplainRequest(SimilarFields, SlateRequest):
    """A request, and the product it is about; mode, variants and what products have in common are of similar."""

    surface: Literal["home", "search", "similar"]
    product: ProductId = Field(description="the product that is, or is not, shown")
    query: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)] | None = Field(
        None, description="of a search"
    )
    anchor: ProductId | None = Field(None, description="of similar: the product that others should resemble")


class ExplainOut(BaseModel):
    """What became of the product."""

    product: str
    surface: str
    shown: bool
    cause: str = Field(
        description="shown, or the first thing that kept it out: hidden, sold_out, excluded, anchor, hidden_by_user, "
        "had_already, filtered, rule, variant, not_retrieved, outranked, diversity"
    )
    says: str = Field(description="the same in a sentence")
    rank: int | None = Field(description="its slot, 1 is the first")
    place: int | None = Field(description="where it stood by its score, before variety and pins")
    would_be: dict[str, int | None] = Field(
        description="signal -> its rank there among all that may be shown; null beyond what is searched"
    )
    confidence: str | None
    signals: dict[str, SaidOut] | None = Field(description="what each signal said of it, if it is shown")
    variant: str
    release: str | None


@router.post("", summary="Why is this product (not) shown?")
async def post_explain(body: ExplainRequest, state: State, request_id: RequestId, tenant: Tenant) -> ExplainOut:
    """Asks the surface as the request would, and names exactly one first cause; nothing counts as shown."""
    return await state.call(lambda: _explain(state, body, request_id, tenant))


def _explain(state: AppState, body: ExplainRequest, request_id: str, tenant: str) -> ExplainOut:
    if (body.surface == "search") != (body.query is not None):
        raise InvalidQuery("`query` is needed for search, and only there", code="invalid_explain")
    if (body.surface == "similar") != (body.anchor is not None):
        raise InvalidQuery("`anchor` is needed for similar, and only there", code="invalid_explain")
    request = request_from(body.surface, body, state, request_id, tenant, text=body.query, product=body.anchor)
    if body.surface == "similar":
        request = similar_request(state, request, body)
    found, slate = why_not_shown(state.runtime.services, request, body.product)
    told: dict[str, Any] = {name: getattr(found, name) for name in ("cause", "says", "rank", "place")}
    return ExplainOut(
        product=body.product,
        surface=body.surface,
        shown=found.rank is not None,
        would_be=dict(found.would_be),
        confidence=found.evidence.confidence if found.evidence else None,
        signals={name: SaidOut(**asdict(said)) for name, said in found.evidence.said.items()}
        if found.evidence
        else None,
        variant=slate.variant,
        release=slate.release,
        **told,
    )
