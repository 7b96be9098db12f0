"""``/v1/explain/words``: the reasons of a slate that was shown, in sentences, by a language model if one is set up."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.api.dependencies import AppState, State, Tenant
from service.core.errors import InvalidQuery, NotFound
from service.core.impression import Impression
from service.core.types import RankedItem
from service.explain.facts import Fact
from service.explain.language import languages, speak
from service.explain.llm.choose import choose_model
from service.explain.llm.said import By, Said, Worded
from service.explain.llm.wording import Wordsmith
from service.observed import note_worded
from service.runtime import Runtime
from service.stopwatch import Stopwatch
from service.store.catalog import get_products
from service.store.impressions import impressions_of_request
from service.store.product_rows import StoredProduct

router = APIRouter(prefix="/v1/explain", tags=["explain"])


class WordsRequest(BaseModel):
    """A slate or page that was shown."""

    model_config = ConfigDict(extra="forbid")

    request_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = Field(
        description="of the answer whose products are asked about"
    )
    language: Annotated[str, StringConstraints(max_length=20)] | None = Field(
        None, description="one of those that come with the service; VITRINE_LANGUAGE if left out", examples=["en"]
    )


class SentenceOut(BaseModel):
    """One sentence."""

    sentence: str
    wording: By = Field(description="who worded it: model or template")
    why: str | None = Field(description="why not the model, where it worded others")


class ItemWords(SentenceOut):
    """Why one product was shown."""

    id: str
    rank: int = Field(description="1 is the first")
    shelf: str | None = Field(description="the row of a page it stood in")


class WordsOut(BaseModel):
    """A sentence for every product, and one about all of them."""

    request_id: str
    language: str
    wording: By = Field(description="model, if it worded anything")
    why: str | None = Field(description="why the model worded nothing")
    cached: bool = Field(description="the model had been asked about the same reasons before")
    took_ms: float
    insight: SentenceOut
    items: list[ItemWords]


def make_wordsmith(runtime: Runtime) -> Wordsmith:
    """What words reasons, as the settings say; sends nothing yet.

    Raises
    ------
    ConfigurationError : the language or the model cannot be used.
    """
    settings, limits = runtime.settings, runtime.params.wording
    speak(settings.language)
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    model = choose_model(settings.llm_provider, settings.llm_model, key, settings.llm_base_url, limits.timeout_s)
    return Wordsmith(model, settings.llm_model or "", limits)


async def _wordsmith(request: Request) -> Wordsmith:
    smith: Wordsmith = request.app.state.wordsmith
    return smith


Smith = Annotated[Wordsmith, Depends(_wordsmith)]


@router.post("/words", summary="Why these products, in sentences")
async def post_words(body: WordsRequest, state: State, tenant: Tenant, smith: Smith) -> WordsOut:
    """One sentence per product of a slate, and one about all: at most one call of a language model, checked.

    A model words given facts and nothing else; a sentence that says more is replaced by the template's. Without a
    model, and whenever it fails, the templates answer, and `why` says so.
    """
    start = time.perf_counter()
    language = _language(body.language, state.runtime.settings.language)
    shown = await _shown(state, tenant, body.request_id)
    facts, names = [slot.fact for slot in shown], [name for slot in shown for name in slot.names]
    with Stopwatch().step("word"):
        worded = await smith.words(facts, names, language)
    note_worded("kept" if worded.cached else worded.by)
    return _body(body.request_id, language, shown, worded, start)


@dataclass(frozen=True, slots=True)
class _Slot:
    """One product as it was shown; `names` are its own and its brand's."""

    id: str
    rank: int
    shelf: str | None
    names: tuple[str | None, ...]
    fact: Fact


async def _shown(state: AppState, tenant: str, request_id: str) -> list[_Slot]:
    slots = await state.call(lambda: _logged(state, tenant, request_id))
    # it may wait to be written: here, or in another process that serves beside the same database
    if slots is None and (state.runtime.impressions.state.waiting or not state.runtime.settings.embedded):
        await asyncio.sleep(1.5 * state.runtime.params.impressions.flush_ms / 1000)
        slots = await state.call(lambda: _logged(state, tenant, request_id))
    if slots is None:
        raise NotFound(
            f"no answer with request_id {request_id!r} was kept; it is the one in the answer's own body, "
            "and answers without products are not kept",
            code="request_not_found",
        )
    return slots


def _logged(state: AppState, tenant: str, request_id: str) -> list[_Slot] | None:
    with state.runtime.database.session() as session:
        found = impressions_of_request(session, tenant, request_id)
        slates = [slate for slate in found if state.caller.may_see(slate.user)]
        products = get_products(session, [item.product_id for slate in slates for item in slate.items])
    return _slots(slates, products) if slates else None


def _slots(slates: Sequence[Impression], products: Mapping[int, StoredProduct]) -> list[_Slot]:
    # a product deleted since it was shown has no name any more
    return [
        _Slot(known.product.external_id, item.rank, slate.shelf, (known.product.name, known.product.brand), fact(item))
        for slate in slates
        for item in slate.items
        if (known := products.get(item.product_id)) is not None
    ]


def fact(item: RankedItem) -> Fact:
    """What the log knows of why a product was shown."""
    return Fact(item.source, shares=item.contributions)


def _language(asked: str | None, configured: str) -> str:
    if asked is None:
        return configured
    if asked not in languages():
        raise InvalidQuery(f"language: there is no {asked!r}; there are {', '.join(languages())}")
    return asked


def _body(request_id: str, language: str, shown: Sequence[_Slot], worded: Worded, start: float) -> WordsOut:
    items = [
        ItemWords(id=slot.id, rank=slot.rank, shelf=slot.shelf, **_sentence(said))
        for slot, said in zip(shown, worded.sentences, strict=True)
    ]
    return WordsOut(
        request_id=request_id,
        language=Path(language).stem,
        wording=worded.by,
        why=worded.why,
        cached=worded.cached,
        took_ms=round((time.perf_counter() - start) * 1000, 2),
        insight=SentenceOut(**_sentence(worded.insight)),
        items=items,
    )


def _sentence(said: Said) -> dict[str, str | None]:
    return {"sentence": said.text, "wording": said.by, "why": said.why}
