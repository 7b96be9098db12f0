"""The shapes of what is asked of a home page, and of the page."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from config.surface import SHELVES, ShelfName
from service.api.slate_schemas import Card, SlateOut, SlateRequest
from service.api.values import Input, Line, ProductId


class Happened(Input):
    """What the visitor did with a product."""

    type: Literal["view", "click", "purchase"]
    product: ProductId


class ToldFields(Input):
    """What a feed is told of its visitor, beside the events that were sent."""

    history: list[Happened] = Field(
        default=[],
        max_length=1000,
        description="what the visitor did, newest last, where you keep that yourself: it counts beside the events that "
        "were sent, in this answer and while `session` lasts, and trains nothing",
    )
    categories: list[Line] = Field(
        default=[], max_length=100, description="names or paths of categories that are looked at now, newest last"
    )


class HomeRequest(ToldFields, SlateRequest):
    """A user's feed; without user and session it is a newcomer's."""

    shelves: Literal["all"] | Annotated[list[ShelfName], Field(min_length=1, max_length=len(SHELVES))] | None = Field(
        None, description="several lists instead of one; `all` is the page as configured, and `n` counts per shelf"
    )


class ShelfOut(BaseModel):
    """One list of a page."""

    name: str
    title: str
    category: str | None = Field(description="the category it is about, of `top_categories`")
    items: list[Card]
    shortfall: str | None = Field(description="why there are fewer items than asked for")


class HomeOut(SlateOut):
    """A feed, or a page of shelves."""

    unknown: list[str] | None = Field(
        None, description="products of `history` and `categories` that the shop does not have; they do not count"
    )
    shelves: list[ShelfOut] | None = Field(None, description="where shelves were asked for; `items` is empty then")
