"""Products as the precision API shows them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from fastapi import Response
from pydantic import BaseModel, Field

from service.api.dependencies import AppState
from service.api.products_io import image_link
from service.core.types import Slate
from service.store.current_rows import CurrentRow
from service.store.payload import major_price

_DIGITS = 4
_MADE = "precision"


class Card(BaseModel):
    """A product of any list."""

    id: str
    name: str
    category: str | None = Field(description="'Electronics > Audio'")
    image: str | None
    price: float | None
    original_price: float | None = Field(description="the price where nothing is taken off")
    rating: float | None
    reviews: int
    discount_ratio: float | None = Field(description="0 to 1, four digits")


class Home(BaseModel):
    """A home page; no product is on it twice."""

    personalized: list[Card] = Field(description="empty for who is new or was away for 30 days")
    trending: list[Card]
    best_value: list[Card]
    top_categories: dict[str, list[Card]] = Field(description="category path -> what trends in it")
    diverse_picks: list[Card]


class Similar(BaseModel):
    """Products like one product."""

    similar: list[Card]


class Results(BaseModel):
    """What a search found."""

    results: list[Card]
    fallback_reason: str | None = Field(None, description="`no_search_matches`: these are trending products instead")


def cards(state: AppState, tenant: str, slates: Iterable[Slate]) -> list[list[orjson.Fragment]]:
    """Each slate's products as JSON; one deleted since it was found is left out."""
    ids = [[item.product_id for item in slate.items] for slate in slates]
    rows = state.runtime.database.products(tenant, {product for each in ids for product in each})
    return [_cards(each, rows) for each in ids]


def answer(body: Mapping[str, Any]) -> Response:
    """A body as JSON, written without a look at its schema: with thousands of products that would take longest."""
    return Response(orjson.dumps(body), media_type="application/json")


def _cards(ids: Sequence[int], rows: Mapping[int, CurrentRow]) -> list[orjson.Fragment]:
    found = [rows[product] for product in ids if product in rows]
    return [one.made.get(_MADE) or one.made.setdefault(_MADE, _card(one)) for one in found]


def _card(current: CurrentRow) -> orjson.Fragment:
    """Written once for as long as the product stays as it is."""
    row = current.row
    original = major_price(current.original_price_minor, row.currency)
    card = {
        "id": row.external_id,
        "name": current.name,
        "category": row.category_path,
        "image": image_link(row.external_id, current.image),
        "price": row.price,
        "original_price": row.price if original is None else original,
        "rating": row.rating,
        "reviews": row.review_count,
        "discount_ratio": None if row.discount is None else round(row.discount, _DIGITS),
    }
    return orjson.Fragment(orjson.dumps(card))
