"""``/v1/suggest``: completions while somebody types."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from service.api.clock import Clock
from service.api.dependencies import State, Tenant
from service.core.suggestions import MAX_TYPED, Kind
from service.runtime import Runtime
from service.suggest import LiveSuggestions, completed

router = APIRouter(prefix="/v1/suggest", tags=["search"])


class SuggestionOut(BaseModel):
    """One completion."""

    text: str
    kind: Kind
    id: str | None = Field(description="of a product; of a category its path")


class SuggestOut(BaseModel):
    """Completions, best first."""

    q: str
    corrected: str | None = Field(description="what was completed instead, where nothing begins like q")
    suggestions: list[SuggestionOut]


def make_suggestions(runtime: Runtime, clock: Clock) -> LiveSuggestions:
    """The suggestions of one process, made when they are first asked for, or `warm`."""
    return LiveSuggestions(runtime.database, clock, runtime.params.suggest)


@router.get("", response_model=SuggestOut, summary="Complete what is being typed")
async def suggest(
    request: Request,
    state: State,
    tenant: Tenant,
    q: Annotated[str, Query(max_length=MAX_TYPED, pattern=r"^[^\x00]*$", description="what was typed so far")],
    n: Annotated[int, Query(ge=1, le=50)] = 8,
) -> Response:
    """From product names, brands, categories, and what several people searched for lately, clicks counting more.

    See `[suggest]`; a query is shown to others once so many different visitors made it, and if it ever found something.
    """
    live: LiveSuggestions = request.app.state.suggestions

    def work() -> Response:
        found, meant = completed(live.current(tenant), state.runtime.services.words(tenant), q, n)
        rows = [{"text": one.text, "kind": one.kind, "id": one.id} for one in found]
        return Response(orjson.dumps({"q": q, "corrected": meant, "suggestions": rows}), media_type="application/json")

    return await state.call(work, quick=live.is_ready(tenant))
