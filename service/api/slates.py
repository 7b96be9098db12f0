"""Slates as answers: the pipeline's list with everything a card shows."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import orjson
from fastapi import Response

from config.params import ShelfName
from service.api.dependencies import AppState, filter_from
from service.api.products_io import shown
from service.api.schemas import SlateRequest
from service.context import Request
from service.core.evidence import Evidence
from service.core.fields import CATEGORY_SEPARATOR
from service.core.filter_json import filter_json
from service.core.filters import Filter
from service.core.types import Product, RankedItem, Slate
from service.core.understood import Understood
from service.explain.facts import Fact, sentence
from service.explain.words import reason, shelf_title
from service.pipeline import recommend
from service.shelves import home_page
from service.store.catalog import get_products
from service.store.payload import is_in_stock
from service.store.product_rows import StoredProduct


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
    return _response(slate_body(state, slate, start, explain=explain))


def page_answer(state: AppState, request: Request, names: Sequence[ShelfName], *, explain: bool) -> Response:
    """Several shelves as one JSON; blocks."""
    start, language = time.perf_counter(), state.runtime.settings.language
    shelves = home_page(state.runtime.services, replace(request, explain=explain), names)
    products = products_of(state, [shelf.slate for shelf in shelves])
    feed = next((shelf.slate for shelf in shelves if shelf.name == "for_you"), shelves[0].slate)
    rows = [
        {
            "name": shelf.name,
            "title": shelf_title(shelf.name, shelf.category, language),
            "category": shelf.category,
            "items": _cards(shelf.slate, products, language, explain=explain),
            "shortfall": shelf.slate.shortfall,
        }
        for shelf in shelves
    ]
    body = _body(feed, [], start, explain=explain) | {"shelves": rows, "shortfall": None}
    return _response(body | {"rules": _rules(feed, products)} if explain else body)


def slate_body(state: AppState, slate: Slate, start: float, *, explain: bool) -> dict[str, object]:
    """What every list answer has; `start` as `time.perf_counter` gave it."""
    products = products_of(state, [slate])
    cards = _cards(slate, products, state.runtime.settings.language, explain=explain)
    body = _body(slate, cards, start, explain=explain)
    return body | {"rules": _rules(slate, products)} if explain else body


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


def _cards(
    slate: Slate, products: Mapping[int, StoredProduct], language: str, *, explain: bool
) -> list[dict[str, object]]:
    # a product deleted since it was checked has no card
    cards = []
    for item in slate.items:
        if item.product_id in products:
            card = _card(item, products[item.product_id].product, language)
            cards.append(card | _explained(item, slate.evidence, products, language) if explain else card)
    return cards


def _card(item: RankedItem, product: Product, language: str) -> dict[str, object]:
    return {
        "id": product.external_id,
        "rank": item.rank,
        "score": item.score,
        "source": item.source,
        "reason": reason(item.source, language),
        "level": item.level,
        **shown(product),
        "in_stock": is_in_stock(product.stock),
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
