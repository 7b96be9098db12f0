"""``/v1/synonyms``: words that stand for others, beside those of the shop's file."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.api.clock import Now
from service.api.dependencies import State, Tenant
from service.core.errors import InvalidQuery
from service.store.snapshots import get_snapshot, put_snapshot, synonyms_name
from service.words.synonyms import MAX_LINES, parse_synonyms

router = APIRouter(prefix="/v1/synonyms", tags=["search"])

_TOLD = 20


class SynonymsIn(BaseModel):
    """All lines, in place of those before."""

    model_config = ConfigDict(extra="forbid")

    lines: list[Annotated[str, StringConstraints(max_length=2000)]] = Field(
        max_length=2 * MAX_LINES,
        description="`a => b, c` one way, `a, b, c` all ways; empty lines and # remarks are kept",
        examples=[["earbuds => earphones", "tshirt, t-shirt, tee"]],
    )


class SynonymsOut(BaseModel):
    """The lines in force, those of the shop's file left out."""

    lines: list[str]
    rules: int = Field(description="lines that are neither empty nor remarks")


@router.get("", summary="The synonyms in force")
async def get_synonyms(state: State, tenant: Tenant) -> SynonymsOut:
    """As they were sent."""

    def work() -> SynonymsOut:
        with state.runtime.database.session() as session:
            stored = get_snapshot(session, synonyms_name(tenant))
        lines = list(stored.data["lines"]) if stored else []
        return SynonymsOut(lines=lines, rules=len(parse_synonyms(lines)[0]))

    return await state.call(work)


@router.put("", summary="Replace the synonyms")
async def put_synonyms(body: SynonymsIn, state: State, tenant: Tenant, now: Now) -> SynonymsOut:
    """In force from the next answer on; nothing is kept if one line cannot be used, and `detail` names the lines."""
    rules, wrong = parse_synonyms(body.lines)
    if wrong:
        told = "; ".join(f"line {one.line}: {one.says}" for one in wrong[:_TOLD])
        raise InvalidQuery(told, code="invalid_synonyms")

    def work() -> SynonymsOut:
        with state.runtime.database.session() as session:
            put_snapshot(session, synonyms_name(tenant), {"lines": body.lines}, now=now)
        state.runtime.words.refresh(tenant)
        return SynonymsOut(lines=body.lines, rules=len(rules))

    return await state.call(work)
