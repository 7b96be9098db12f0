"""``/v1/search``: products for words, a picture or a product, as a slate or a list to count, sort and page through."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import fastapi
from fastapi import APIRouter, Query, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError

from config.params import Params
from service.api.dependencies import AppState, FilterText, RequestId, State, Tenant, filter_from
from service.api.list_schemas import SORT_HELP, ListRequest, SearchOut
from service.api.lists import list_answer
from service.api.pictures import FORM_DOCS, FormRoute, picture_of, read_form
from service.api.simple_filters import SimpleFilter
from service.api.slate_schemas import SearchFields, Terms
from service.api.slates import answer, request_from
from service.api.values import ProductId
from service.api.visitor import FromQuery
from service.context import Request
from service.core.cursor import MAX_LENGTH
from service.core.errors import InvalidQuery
from service.core.filters import all_of
from service.core.understood import TraitKind
from service.terms import composed

NO_NUL = r"^[^\x00]*$"
MOST_TEXT = 1000

router = APIRouter(prefix="/v1/search", tags=["search"])


async def post_search_form(form: fastapi.Request, state: State, request_id: RequestId, tenant: Tenant) -> Response:
    """The same search with its picture as an upload."""
    body, upload = await read_form(form)
    return await _posted(state, body, upload, request_id, tenant)


# before the route for JSON, which takes all that this one leaves
router.add_api_route(
    "", post_search_form, methods=["POST"], include_in_schema=False, response_model=SearchOut,
    route_class_override=FormRoute,
)  # fmt: skip


@router.post(
    "", response_model=SearchOut, summary="Search by words, a picture, a product, or any mix", openapi_extra=FORM_DOCS
)
async def post_search(body: ListRequest, state: State, request_id: RequestId, tenant: Tenant) -> Response:
    """Products for words, a picture and a product together: all that is known of them, fused; else the catalogue.

    A picture is sent as `image`, a URL, or as the file of that name in a form.
    """
    return await _posted(state, body, None, request_id, tenant)


async def _posted(state: AppState, body: ListRequest, upload: bytes | None, request_id: str, tenant: str) -> Response:
    source = upload if upload is not None else body.image or None
    request = request_from("search", body, state, request_id, tenant, product=body.product)
    request = with_words(request, body.query, body, is_alone=source is None and body.product is None)
    request = replace(request, picture=await picture_of(state, source))
    return await _answer(state, request, body.sort, body.facets, body.cursor, explain=body.explain)


def with_words(request: Request, query: str, asked: SearchFields, *, is_alone: bool) -> Request:
    """The request with its words, and how they are to be read.

    Parameters
    ----------
    is_alone : neither a picture nor a product goes with them.

    Raises
    ------
    InvalidQuery : nothing is wanted, or too much.
    """
    text, terms = _words(query, asked.terms, is_alone=is_alone)
    return replace(
        request, text=text, terms=terms, correct=asked.correct, ignore=frozenset(asked.ignore), affinity=asked.affinity
    )


def for_slate(params: Params, request: Request) -> Request:
    """The request as a slate is made of it."""
    request = composed(params, request, is_list=False)
    # weights of the request's own are taken at their word, and so are those beside a product or a picture
    return replace(request, may_relax=request.weights is None)


@router.get("", response_model=SearchOut, summary="Search from a link")
async def get_search(
    state: State,
    request_id: RequestId,
    tenant: Tenant,
    simple: SimpleFilter,
    visitor: FromQuery,
    q: Annotated[str, Query(max_length=MOST_TEXT, pattern=NO_NUL, description="the shopper's words")] = "",
    terms: Annotated[
        str | None,
        Query(max_length=10_000, description='words with weights as JSON: {"red dress": 1, "buttons": -0.5}'),
    ] = None,
    image: Annotated[str | None, Query(max_length=60_000, description="http(s) or data: URL of a picture")] = None,
    product: Annotated[ProductId | None, Query(description="a product that others should resemble")] = None,
    affinity: Annotated[
        float | None, Query(ge=0, le=1000, description="added at most to what is nearest to the past of who asks")
    ] = None,
    n: Annotated[int | None, Query(ge=1)] = None,
    filter: FilterText = None,
    sort: Annotated[str | None, Query(max_length=80, description=SORT_HELP)] = None,
    facets: Annotated[
        list[str] | None, Query(max_length=100, description="fields to count: brand,category,price,attributes.colour")
    ] = None,
    cursor: Annotated[str | None, Query(max_length=MAX_LENGTH, description="next_cursor of the page before")] = None,
    explain: bool = False,
    correct: Annotated[bool, Query(description="false: misspelt words stay as they are")] = True,
    ignore: Annotated[
        list[TraitKind] | None, Query(description="kinds of traits that no words are to be read as")
    ] = None,
) -> Response:
    """The same search with its simple parameters in the URL."""
    wanted = all_of(simple, filter_from(state, filter))
    text, weighted = _words(q.strip(), _terms_from(terms), is_alone=not image and product is None)
    picture = await picture_of(state, image or None)
    request = Request(
        "search", request_id, tenant, text=text, terms=weighted, picture=picture, product=product, affinity=affinity,
        n=n, filter=wanted, correct=correct, ignore=frozenset(ignore or ()), **visitor.as_request(),
    )  # fmt: skip
    names = [name.strip() for given in facets or () for name in given.split(",") if name.strip()]
    return await _answer(state, request, sort, names, cursor, explain=explain)


def _terms_from(text: str | None) -> Mapping[str, float]:
    """Weighted words of a link."""
    if not text:
        return {}
    try:
        return _TERMS.validate_json(text)
    except ValidationError as error:
        raise RequestValidationError(
            [{**one, "loc": ("query", "terms", *one["loc"])} for one in error.errors()]
        ) from error


_TERMS: TypeAdapter[dict[str, float]] = TypeAdapter(Terms)


def _words(
    query: str, terms: Mapping[str, float], *, is_alone: bool
) -> tuple[str | None, tuple[tuple[str, float], ...]]:
    """All that is wanted as one text, and each text with its weight where there are weights.

    Raises
    ------
    InvalidQuery : nothing is wanted, or too much.
    """
    if not any(terms.values()):
        return query or None, ()
    weighted = [*([(query, 1.0)] if query else []), *((text, weight) for text, weight in terms.items() if weight)]
    wanted = sorted((one for one in weighted if one[1] > 0), key=lambda one: -one[1])
    if not wanted and is_alone:
        raise InvalidQuery(
            "terms say only what is not wanted; give one of them a weight above 0, or send `query`, `image` or "
            "`product` beside them",
            code="invalid_terms",
        )
    text = " ".join(text for text, _ in wanted)
    if len(text) > MOST_TEXT:
        raise InvalidQuery(
            f"query and terms have {len(text):,} characters together; at most {MOST_TEXT:,} are read",
            code="invalid_terms",
        )
    return text or None, tuple(weighted)


async def _answer(
    state: AppState, request: Request, sort: str | None, facets: list[str], cursor: str | None, *, explain: bool
) -> Response:
    is_list = not request.has_question or sort is not None or bool(facets) or cursor is not None
    params = state.runtime.params
    if is_list:
        listed = composed(params, request, is_list=True)
        return await state.call(lambda: list_answer(state, listed, sort, facets, cursor, explain=explain))
    return await state.call(lambda: answer(state, for_slate(params, request), explain=explain))
