"""``/v1/explain``: why a product is, or is not, shown to somebody."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from service.api.dependencies import AppState, RequestId, State, Tenant
from service.api.home_schemas import ToldFields
from service.api.search import for_slate, with_words
from service.api.similar import similar_request
from service.api.similar_schemas import SimilarFields
from service.api.slate_schemas import SaidOut, SearchFields, SlateRequest
from service.api.slates import request_from
from service.api.told import as_told, told_of
from service.api.values import SAYING, ProductId
from service.core.errors import InvalidQuery
from service.why_not import why_not_shown

router = APIRouter(prefix="/v1/explain", tags=["explain"])


Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=SAYING)]


class ExplainRequest(SimilarFields, SearchFields, ToldFields, SlateRequest):
    """A request, and the product it is about.

    Terms, affinity and how words are read are of search; mode, variants and what products have in common of similar;
    history and categories of home.
    """

    surface: Literal["home", "search", "similar"]
    product: ProductId = Field(description="the product that is, or is not, shown")
    query: Words | None = Field(None, description="of a search, by itself or beside `terms` and `anchor`")
    anchor: ProductId | None = Field(
        None, description="the product that others should resemble: of similar, and of a search by a product"
    )


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
    _check_surface(body)
    request = request_from(body.surface, body, state, request_id, tenant, product=body.anchor)
    if body.surface == "similar":
        request = similar_request(state, request, body)
    if body.surface == "search":
        asked = with_words(request, body.query or "", body, is_alone=body.anchor is None)
        request = for_slate(state.runtime.params, asked)
    if body.surface == "home":
        request = as_told(state, request, told_of([(one.type, one.product) for one in body.history], body.categories))
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


def _check_surface(body: ExplainRequest) -> None:
    asks = bool(body.query or body.terms)
    if asks and body.surface != "search":
        raise InvalidQuery("`query` and `terms` are of search, and only there", code="invalid_explain")
    if body.surface == "search" and not (asks or body.anchor):
        raise InvalidQuery("search needs a `query`, `terms` or an `anchor`", code="invalid_explain")
    if (body.history or body.categories) and body.surface != "home":
        raise InvalidQuery("`history` and `categories` are of home, and only there", code="invalid_explain")
    if body.surface == "similar" and body.anchor is None:
        raise InvalidQuery("similar needs an `anchor`", code="invalid_explain")
    if body.surface == "home" and body.anchor is not None:
        raise InvalidQuery("`anchor` is of similar and search, and only there", code="invalid_explain")
