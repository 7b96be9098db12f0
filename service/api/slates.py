"""Slates as answers: the pipeline's list with everything a card shows."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import orjson
from fastapi import Response

from config.surface import ShelfName
from service.api.dependencies import AppState, filter_from
from service.api.products_io import shown_now
from service.api.slate_schemas import SlateRequest
from service.context import Request
from service.core.evidence import Evidence
from service.core.fields import CATEGORY_SEPARATOR
from service.core.filter_json import filter_json
from service.core.filters import Filter
from service.core.types import RankedItem, Slate
from service.core.understood import Understood
from service.explain.facts import Fact, sentence
from service.explain.words import reason, shelf_title
from service.pipeline import recommend
from service.shelves import home_page
from service.store.catalog import get_products
from service.store.current_rows import CurrentRow
from service.store.product_rows import StoredProduct

Card = tuple[RankedItem, dict[str, object]]


def request_from(
    surface: str,
    body: SlateRequest,
    state: AppState,
    request_id: str,
    tenant: str,
    *,
    product: str | None = None,
) -> Request:
    """What a body asks of a surface.

    Raises
    ------
    InvalidQuery : its filter, or that of a boost, is not valid. NotAllowed : it is about somebody else.
    """
    return Request(
        surface, request_id, tenant, user=state.caller.person(body.user), session=body.session, n=body.n,
        filter=filter_from(state, body.filter), exclude=tuple(body.exclude_ids), weights=body.weights,
        mmr_lambda=body.mmr_lambda, variants=body.variants, product=product,
        boosts=tuple((filter_from(state, one.filter) or Filter(), one.weight) for one in body.boost),
    )  # fmt: skip


def answer(state: AppState, request: Request, *, explain: bool) -> Response:
    """Run the pipeline and write its slate as JSON; blocks.

    orjson writes it straight from plain dicts: validating our own answer against its schema would take longer than
    making it. Tests hold the two together.
    """
    start = time.perf_counter()
    slate = recommend(state.runtime.services, replace(request, explain=explain))
    return _response(slate_body(state, slate, request.tenant, start, explain=explain))


def page_answer(state: AppState, request: Request, names: Sequence[ShelfName], *, explain: bool) -> Response:
    """Several shelves as one JSON; blocks."""
    start, language = time.perf_counter(), state.runtime.settings.language
    shelves = home_page(state.runtime.services, replace(request, explain=explain), names)
    slates = [shelf.slate for shelf in shelves]
    cards = cards_of(state, slates, request.tenant)
    products = products_of(state, slates) if explain else {}
    feed = next((shelf.slate for shelf in shelves if shelf.name == "for_you"), shelves[0].slate)
    rows = [
        {
            "name": shelf.name,
            "title": shelf_title(shelf.name, shelf.category, language),
            "category": shelf.category,
            "items": _explained_cards(own, shelf.slate, products, language) if explain else _plain_cards(own),
            "shortfall": shelf.slate.shortfall,
        }
        for shelf, own in zip(shelves, cards, strict=True)
    ]
    body = _body(feed, [], start, explain=explain) | {"shelves": rows, "shortfall": None}
    return _response(body | {"rules": _rules(feed, products)} if explain else body)


def slate_body(state: AppState, slate: Slate, tenant: str, start: float, *, explain: bool) -> dict[str, object]:
    """What every list answer has; `start` as `time.perf_counter` gave it."""
    (cards,) = cards_of(state, [slate], tenant)
    if not explain:
        return _body(slate, _plain_cards(cards), start, explain=False)
    products = products_of(state, [slate])
    explained = _explained_cards(cards, slate, products, state.runtime.settings.language)
    return _body(slate, explained, start, explain=True) | {"rules": _rules(slate, products)}


def cards_of(state: AppState, slates: Sequence[Slate], tenant: str) -> list[list[Card]]:
    """The cards of each slate's products; one deleted since it was checked has none."""
    language = state.runtime.settings.language
    found = state.runtime.database.products(tenant, {item.product_id for slate in slates for item in slate.items})
    return [
        [(item, _card(item, found[item.product_id], language)) for item in slate.items if item.product_id in found]
        for slate in slates
    ]


def products_of(state: AppState, slates: Sequence[Slate]) -> Mapping[int, StoredProduct]:
    """By internal id, the products of slates, and those that led to them."""
    ids = {item.product_id for slate in slates for item in slate.items}
    ids |= {one.because for slate in slates for one in slate.evidence.values() if one.because is not None}
    with state.runtime.database.session() as session:
        return get_products(session, sorted(ids))


def _body(slate: Slate, cards: list[dict[str, object]], start: float, *, explain: bool) -> dict[str, object]:
    body: dict[str, object] = {
        "request_id": slate.request_id,
        "surface": slate.surface,
        "release": slate.release,
        "variant": slate.variant,
        "took_ms": round((time.perf_counter() - start) * 1000, 2),
        "items": cards,
        "fallback": {"level": slate.level, "reason": slate.fallback} if slate.fallback else None,
        "shortfall": slate.shortfall,
        "degraded": dict(slate.degraded),
    }
    if slate.understood is not None:
        body["understood"] = _understood(slate.understood)
    if slate.unknown:
        body["unknown"] = list(slate.unknown)
    if explain:
        body["step_ms"] = {step: round(ms, 3) for step, ms in slate.trace.step_ms.items()}
    return body


def _understood(one: Understood) -> dict[str, object]:
    return {
        "text": one.text,
        "corrected": dict(one.corrected),
        "synonyms": {asked: list(also) for asked, also in one.synonyms.items()},
        "units": list(one.units),
        "exact": len(one.exact),
        "traits": [
            {
                "kind": trait.kind,
                "words": trait.words,
                "filter": filter_json(trait.wanted),
                "effect": "filter" if trait.weight is None else "boost",
            }
            for trait in one.traits
        ],
    }


def _rules(slate: Slate, products: Mapping[int, StoredProduct]) -> list[dict[str, object]]:
    return [
        {
            "rule": act.rule,
            "kind": act.kind,
            "products": [products[key].product.external_id for key in act.products if key in products],
            "why_not": act.why_not,
        }
        for act in slate.trace.rules
    ]


def _response(body: Mapping[str, object]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")


def _plain_cards(cards: Sequence[Card]) -> list[dict[str, object]]:
    return [card for _, card in cards]


def _explained_cards(
    cards: Sequence[Card], slate: Slate, products: Mapping[int, StoredProduct], language: str
) -> list[dict[str, object]]:
    return [card | _explained(item, slate.evidence, products, language) for item, card in cards]


def _card(item: RankedItem, current: CurrentRow, language: str) -> dict[str, object]:
    return {
        "id": current.row.external_id,
        "rank": item.rank,
        "score": item.score,
        "source": item.source,
        "reason": reason(item.source, language),
        "level": item.level,
        **shown_now(current),
        "in_stock": current.row.in_stock,
    }


def _explained(
    item: RankedItem, evidence: Mapping[int, Evidence], products: Mapping[int, StoredProduct], language: str
) -> dict[str, object]:
    told: dict[str, object] = {"contributions": dict(item.contributions), "guest": item.guest}
    one = evidence.get(item.product_id)
    if one is None:
        return told
    led = products.get(one.because) if one.because is not None else None
    return told | {
        "reason": sentence(fact_of(item, one, products), language),
        "because": led.product.external_id if led is not None else None,
        "confidence": one.confidence,
        "place": one.place,
        "signals": {name: asdict(said) for name, said in one.said.items()},
    }


def fact_of(item: RankedItem, evidence: Evidence | None, products: Mapping[int, StoredProduct]) -> Fact:
    """Why a product is in a slate, as sentences are made of it; without evidence what its scores say."""
    if evidence is None:
        return Fact(item.source, shares=item.contributions)
    led = products.get(evidence.because) if evidence.because is not None else None
    because = led.product.name if led is not None else None
    category = evidence.category.rsplit(CATEGORY_SEPARATOR, 1)[-1] if evidence.category else None
    return Fact(item.source, because, evidence.did, category, evidence.query, item.contributions)
