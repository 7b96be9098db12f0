"""How the H&M API keeps answers that are the same for everybody."""

from collections.abc import Callable, Hashable
from typing import Annotated

import fastapi
from fastapi import Depends, Response

from service.api.cached import KeptAnswers, Made, kept_response
from service.api.dependencies import AppState
from service.context import Request


async def _answers(request: fastapi.Request) -> KeptAnswers:
    found: KeptAnswers = request.app.state.answers
    return found


async def _known(request: fastapi.Request) -> str:
    return request.headers.get("if-none-match", "")


Answers = Annotated[KeptAnswers, Depends(_answers)]
Known = Annotated[str, Depends(_known)]


async def kept(
    state: AppState, answers: KeptAnswers, request: Request, key: Hashable, make: Callable[[], Made],
    known: str, *, by_vectors: bool = False,
) -> Response:  # fmt: skip
    """The answer to a request, kept or made; see `KeptAnswers.get`.

    Parameters
    ----------
    known : what the caller has already, its ``If-None-Match``.
    """

    def work() -> Response:
        made, is_hit = answers.get(request.tenant, request.request_id, key, make, by_vectors=by_vectors)
        return kept_response(made, known, is_hit=is_hit)

    return await state.call(work)
