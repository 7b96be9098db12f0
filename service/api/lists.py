"""Lists as answers: a slate with its counts and the way to the next page."""

import time
from collections.abc import Sequence
from dataclasses import replace

import orjson
from fastapi import Response

from service.api.dependencies import AppState
from service.api.slates import slate_body
from service.context import Request
from service.core.errors import InvalidQuery
from service.core.facets import check_facets
from service.listed import search_listed


def list_answer(
    state: AppState, request: Request, sort: str | None, facets: Sequence[str], cursor: str | None, *, explain: bool
) -> Response:
    """One page of a list, with its counts, as JSON; blocks.

    Raises
    ------
    InvalidQuery : nothing that says what to list; an unknown sort or facet; a foreign cursor.
    """
    start = time.perf_counter()
    wanted = check_facets(facets, state.runtime.fields)
    if not request.has_question and not (request.filter or sort or wanted or cursor):
        raise InvalidQuery(
            "nothing is looked for: send words in `q` (`query` in a body), `image` or `product`, or a filter, sort or "
            "facets to browse by",
            code="invalid_request",
        )
    sort = "relevance" if sort is None else sort
    page = search_listed(
        state.runtime.services,
        replace(request, explain=explain, may_relax=request.weights is None),
        sort=sort,
        facets=wanted,
        after=cursor,
    )
    body = {
        "sort": sort,
        "total": page.total,
        "total_is_at_least": page.is_at_least,
        "next_cursor": page.next_cursor,
        "facets": page.facets,
        "facets_over": page.facets_over,
    }
    answer = slate_body(state, page.slate, request.tenant, start, explain=explain) | body
    return Response(orjson.dumps(answer), media_type="application/json")
