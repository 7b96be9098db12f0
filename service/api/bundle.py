"""``/v1/bundle``: what is often bought together with a product or a basket."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from service.api.bundle_rules import Goes, combine, variant_key
from service.api.dependencies import AppState, RequestId, State, Tenant, filter_from
from service.api.product_schemas import Shown
from service.api.products_io import shown
from service.api.slate_schemas import Fallback
from service.api.values import WHOLE, ProductId
from service.context import Request
from service.core.errors import IndexNotReady, NotFound
from service.core.filters import Filter, HasId, all_of, matches
from service.core.types import Product
from service.explain.words import reason
from service.pipeline import recommend
from service.rules_for import rules_for
from service.served_release import ServedRelease
from service.store.catalog import get_products, product_ids
from service.store.payload import is_in_stock, product_payload
from service.store.product_rows import StoredProduct

router = APIRouter(prefix="/v1/bundle", tags=["bundle"])

MAX_BASKET = 50
MAX_N = 50
_SPARE = 3  # variants and products that are not to be had fall out of a fallback too


class BundleRequest(BaseModel):
    """A product, or a basket of several."""

    model_config = ConfigDict(extra="forbid")

    products: list[ProductId] = Field(min_length=1, max_length=MAX_BASKET, description="a product or a basket")
    n: Annotated[int, Field(ge=1, le=MAX_N), WHOLE] = 4
    filter: dict[str, Any] | None = Field(None, description="as for every list")
    exclude_ids: list[ProductId] = Field(default=[], max_length=10_000)


class BundleItem(Shown):
    """A product that goes with the basket; the figures are those of its rule with the highest lift."""

    id: str
    rank: int = Field(description="1 is the first")
    score: float = Field(description="sum of log lift over the basket's products; of a fallback its own score")
    source: str
    reason: str = Field(description="why it is here, in words")
    level: str
    bought_with: list[str] = Field(description="products of the basket it has a rule with, strongest first")
    support: float | None = Field(description="share of baskets with both")
    confidence: float | None = Field(description="share of baskets with the first that have this one too")
    lift: float | None = Field(description="confidence / this product's own share; 1 is chance")
    in_stock: bool


class BundleOut(BaseModel):
    """What completes the basket, best first."""

    request_id: str = Field(description="send it back with events, so that clicks find their impression")
    surface: str
    release: str | None
    took_ms: float
    items: list[BundleItem]
    fallback: Fallback | None = Field(description="why these are not bought together")
    shortfall: str | None = Field(description="why there are fewer items than asked for")
    warnings: list[str] = Field(description="products of the basket that are not known")


@dataclass(frozen=True, slots=True)
class _Basket:
    """What is asked for; ids by internal key."""

    request_id: str
    tenant: str
    names: dict[int, str]
    variants: frozenset[object]
    wanted: Filter | None
    never: frozenset[int]
    n: int


_Row = tuple[StoredProduct, Goes]


@router.post("", summary="Often bought together")
async def post_bundle(body: BundleRequest, state: State, request_id: RequestId, tenant: Tenant) -> BundleOut:
    """What others bought with a product or a whole basket: complements, never the same in another colour."""
    wanted = filter_from(state, body.filter)
    return await state.call(lambda: _bundle(state, body, wanted, request_id, tenant), quick=True)


def _bundle(state: AppState, body: BundleRequest, wanted: Filter | None, request_id: str, tenant: str) -> BundleOut:
    start = time.perf_counter()
    basket, warnings = _read_basket(state, body, wanted, request_id, tenant)
    release = state.runtime.services.release()
    found = _by_rules(state, release, basket)
    items = [_rule_item(basket, goes, stored, rank) for rank, (stored, goes) in enumerate(found, 1)]
    fallback = None
    if not items:
        items, fallback = _instead(state, basket, _why(release))
    return BundleOut(
        request_id=request_id,
        surface="bundle",
        release=release.id if release else None,
        took_ms=round((time.perf_counter() - start) * 1000, 2),
        items=items,
        fallback=fallback,
        shortfall=_shortfall(len(items), body.n, fallback),
        warnings=warnings,
    )


def _read_basket(
    state: AppState, body: BundleRequest, wanted: Filter | None, request_id: str, tenant: str
) -> tuple[_Basket, list[str]]:
    asked = list(dict.fromkeys(body.products))
    with state.runtime.database.session() as session:
        known = product_ids(session, tenant, asked)
        excluded = product_ids(session, tenant, body.exclude_ids) if body.exclude_ids else {}
        stored = get_products(session, known.values())
    if not known:
        raise NotFound(f"none of these products is known: {', '.join(asked)[:200]!r}", code="product_not_found")
    names = {known[name]: name for name in asked if name in known}
    variants = frozenset(variant_key(one.product) for one in stored.values())
    asked_for = Request("bundle", request_id, tenant, filter=wanted)
    wanted = all_of(wanted, rules_for(state.runtime.services, asked_for).filter)
    never = frozenset(names) | frozenset(excluded.values())
    warnings = [f"there is no product with id {name!r}; the others were used" for name in asked if name not in known]
    return _Basket(request_id, tenant, names, variants, wanted, never, body.n), warnings


def _by_rules(state: AppState, release: ServedRelease | None, basket: _Basket) -> list[_Row]:
    if release is None:
        return []
    records = state.runtime.services.store.retrieve(release.behaviour, list(basket.names), payload=("rules",))
    # every product of the basket is a key, so that none is offered, with or without rules
    found = combine({one: records[one].payload.get("rules") or () if one in records else () for one in basket.names})
    rows = dict(_may_be_shown(state, basket, [goes.product for goes in found]))
    return [(rows[goes.product], goes) for goes in found if goes.product in rows][: basket.n]


def _may_be_shown(state: AppState, basket: _Basket, ids: Sequence[int]) -> Iterator[tuple[int, StoredProduct]]:
    """Of these, in their order, what SQL says can be had now, is asked for and no variant of another."""
    with state.runtime.database.session() as session:
        stored = get_products(session, ids)
    taken = set(basket.variants)
    for product_id in ids:
        one = stored.get(product_id)
        if one is None or product_id in basket.never or not _is_eligible(one.product, product_id, basket):
            continue
        if (variant := variant_key(one.product)) not in taken:
            taken.add(variant)
            yield product_id, one


def _is_eligible(product: Product, product_id: int, basket: _Basket) -> bool:
    if product.tenant != basket.tenant or not product.visible or not is_in_stock(product.stock):
        return False
    return basket.wanted is None or matches(basket.wanted, product_payload(product), product_id)


def _why(release: ServedRelease | None) -> str:
    if release is None:
        return "nothing has been learned from baskets yet: no release is live"
    return "no rule of the live release leads from these products to one that can be shown"


def _instead(state: AppState, basket: _Basket, why: str) -> tuple[list[BundleItem], Fallback]:
    """Products like the one named last, or else what is popular."""
    similar = _similar(state, basket)
    if similar:
        return similar, Fallback(level="content", reason=f"{why}; these resemble {_last(basket)!r}")
    return _popular(state, basket), Fallback(level="global", reason=f"{why}; these are popular now")


def _similar(state: AppState, basket: _Basket) -> list[BundleItem]:
    services = state.runtime.services
    n = min(basket.n * _SPARE, services.params.surfaces["similar"].max_n)
    wanted = all_of(basket.wanted, Filter(must_not=(HasId(basket.never),)))
    try:
        slate = recommend(
            services,
            Request("similar", basket.request_id, basket.tenant, product=_last(basket), n=n, filter=wanted),
        )
    except (IndexNotReady, NotFound):
        return []
    ranked = {item.product_id: item for item in slate.items}
    rows = list(_may_be_shown(state, basket, list(ranked)))[: basket.n]
    return [
        _other_item(one, rank, ranked[key].score, ranked[key].source, ranked[key].level)
        for rank, (key, one) in enumerate(rows, 1)
    ]


def _popular(state: AppState, basket: _Basket) -> list[BundleItem]:
    popular = state.runtime.services.popular(basket.tenant)
    if popular is None:
        return []
    top = popular.trending if len(popular.trending.ids) else popular.newest
    scores = dict(zip(top.ids.tolist(), top.scores.tolist(), strict=True))
    rows = list(_may_be_shown(state, basket, list(scores)))[: basket.n]
    return [_other_item(one, rank, scores[key], "trending", "global") for rank, (key, one) in enumerate(rows, 1)]


def _last(basket: _Basket) -> str:
    return list(basket.names.values())[-1]


def _rule_item(basket: _Basket, goes: Goes, stored: StoredProduct, rank: int) -> BundleItem:
    return BundleItem(
        id=stored.product.external_id, rank=rank, score=goes.score, source="association",
        reason=reason("association"), level="content", bought_with=[basket.names[one] for one in goes.having],
        support=goes.support, confidence=goes.confidence, lift=goes.lift, in_stock=True, **shown(stored.product),
    )  # fmt: skip


def _other_item(stored: StoredProduct, rank: int, score: float, source: str, level: str) -> BundleItem:
    return BundleItem(
        id=stored.product.external_id, rank=rank, score=score, source=source, reason=reason(source), level=level,
        bought_with=[], support=None, confidence=None, lift=None, in_stock=True, **shown(stored.product),
    )  # fmt: skip


def _shortfall(found: int, n: int, fallback: Fallback | None) -> str | None:
    if found >= n:
        return None
    what = "can be shown" if fallback else "are bought together with these and can be shown"
    return f"{found} of {n} asked for: no more products {what}"
