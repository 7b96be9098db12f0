"""Articles as the H&M API shows them, in the words of its own data, with their pictures and scores."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from config.surface import Surface
from service.api.dependencies import AppState
from service.api.product_pictures import picture_path
from service.core.types import RankedItem, Slate
from service.encode.thumbnails import Width
from service.explain.words import reason
from service.store.catalog import get_products
from service.store.payload import is_in_stock, major_price
from service.store.product_rows import StoredProduct

PARTS = {"cf": "cf_score", "text": "text_score", "image": "image_score"}
"""Signal -> what its part of the formula is called."""

_PREFERENCE = "preference"
_LEVELS = ("index_group_name", "product_group_name", "product_type_name")
_NAMED = {
    "colour": "colour_group_name", "pattern": "graphical_appearance_name", "department": "department_name",
    "section": "section_name", "garment_group": "garment_group_name", "product_code": "product_code",
}  # fmt: skip
_DIGITS = 6


class Article(BaseModel):
    """An article of any list."""

    article_id: str
    rank: int = Field(description="1 is the first")
    prod_name: str
    detail_desc: str
    index_group_name: str | None = Field(description="Ladieswear, Menswear ...: the broadest category")
    product_group_name: str | None
    product_type_name: str | None
    colour_group_name: str | None
    graphical_appearance_name: str | None
    department_name: str | None
    section_name: str | None
    garment_group_name: str | None
    product_code: str | None = Field(description="shared by the colours of one article")
    price: float | None = Field(description="null where none is known")
    currency: str | None
    picture: str = Field(description="320 pixels wide; a neutral one where the article has none")
    has_picture: bool
    reason: str = Field(description="why it is here, in words")


class Scored(Article):
    """An article with what made its place."""

    score: float = Field(description="what orders: final_score and preference_score; of a newcomer's, the trend")
    final_score: float = Field(description="the sum of the weighted parts")
    text_score: float = Field(description="0 to 1: described like what it is compared with")
    image_score: float = Field(description="0 to 1: looks like what it is compared with")


class Recommended(Scored):
    """An article for a customer: final_score = 0.5 cf_score + 0.3 text_score + 0.2 image_score."""

    cf_score: float = Field(description="0 to 1: liked by customers of the same taste")
    preference_score: float = Field(description="0.3 for each saved preference it meets")


class Highlight(BaseModel):
    """What stands at the top of the page."""

    title: str
    category: str | None = Field(description="path of the category it stands for")
    picture: str = Field(description="640 pixels wide")
    article: Article


class Cards:
    """The articles of some lists, read at once; what was sold out or hidden meanwhile has no card.

    Attributes
    ----------
    products : internal id -> when it last changed, of all that have a card.
    """

    def __init__(self, state: AppState, slates: Iterable[Slate]) -> None:
        self._language = state.runtime.settings.language
        with state.runtime.database.session() as session:
            found = get_products(session, {item.product_id for slate in slates for item in slate.items})
        self._stored = {id: one for id, one in found.items() if _may_be_shown(one)}
        self.products: Mapping[int, datetime] = {id: one.updated_at for id, one in self._stored.items()}

    def plain(self, slate: Slate) -> list[dict[str, Any]]:
        """The articles of a list, in its order."""
        return [self._card(item) for item in slate.items if item.product_id in self._stored]

    def scored(self, slate: Slate, surface: Surface) -> list[dict[str, Any]]:
        """The same with their scores; `surface` made the list."""
        return [
            self._card(item) | _scores(item, surface.weights) for item in slate.items if item.product_id in self._stored
        ]

    def highlight(self, slate: Slate, title: str, category: str | None) -> dict[str, Any] | None:
        """The first article of a list as what a page begins with; None where it has none."""
        for card in self.plain(slate)[:1]:
            picture = picture_path(card["article_id"], Width.LARGE)
            return {"title": title, "category": category, "picture": picture, "article": card}
        return None

    def _card(self, item: RankedItem) -> dict[str, Any]:
        product = self._stored[item.product_id].product
        levels = dict.fromkeys(_LEVELS) | dict(zip(_LEVELS, product.category, strict=False))
        named = {name: _text(product.attributes.get(attribute)) for attribute, name in _NAMED.items()}
        return {
            "article_id": product.external_id,
            "rank": item.rank,
            "prod_name": product.name,
            "detail_desc": product.description,
            **levels,
            **named,
            "price": major_price(product.price_minor, product.currency),
            "currency": product.currency,
            "picture": picture_path(product.external_id),
            "has_picture": bool(product.image),
            "reason": reason(item.source, self._language),
        }


def _may_be_shown(stored: StoredProduct) -> bool:
    return stored.product.visible and is_in_stock(stored.product.stock)


def _scores(item: RankedItem, weights: Mapping[str, float]) -> dict[str, float]:
    """The parts as normalised by the pipeline: each contribution is a weight times one of them."""
    shares = {signal: item.contributions.get(signal, 0.0) for signal in PARTS}
    parts = {PARTS[signal]: share / weights[signal] if share else 0.0 for signal, share in shares.items()}
    scores = {"score": item.score, "final_score": sum(shares.values()), **parts}
    scores["preference_score"] = item.contributions.get(_PREFERENCE, 0.0)
    return {name: round(value, _DIGITS) for name, value in scores.items()}


def _text(value: object) -> str | None:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return None if value is None else str(value)
