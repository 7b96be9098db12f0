"""The tables of recommender.toml about surfaces: how each turns candidates into a slate, and what a page shows."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from config.frozen import Frozen, Share
from config.overlay import laid_over
from service.core.types import EventType

Weight = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]


class GuestShares(Frozen):
    """Probabilities of a slot to be given to somebody by chance."""

    balance: Share
    serendipity: Share
    explore: Share

    @model_validator(mode="after")
    def _leave_room(self) -> "GuestShares":
        if (total := self.balance + self.serendipity + self.explore) > 1:
            raise ValueError(f"the shares of guests add up to {total:g}; they must leave something of 1")
        return self

    def none(self) -> "GuestShares":
        """Nobody comes by chance."""
        return GuestShares(balance=0.0, serendipity=0.0, explore=0.0)


class Surface(Frozen):
    """How one surface turns candidates into a slate."""

    n: int = Field(ge=1)
    max_n: int = Field(ge=1, le=10_000)
    candidates: int = Field(ge=1, le=10_000)
    complete: bool
    normalize: Literal["minmax", "zscore", "gaussian", "rank"]
    fuse: Literal["weighted", "rrf"]
    rrf_k: float = Field(ge=0)
    in_stock_only: bool
    mmr_lambda: Share
    mmr_space: Literal["category", "text", "image", "behaviour"]
    caps: dict[str, Annotated[float, Field(gt=0, le=1)]]
    guests: GuestShares
    explore_floor: Share
    pool: int = Field(ge=1, le=1000)
    temperature: float = Field(ge=0, le=100)
    personal: bool
    uses_behaviour: bool
    exclude_types: tuple[EventType, ...]
    preference: Weight
    dislike: Weight
    rotation: Weight
    rotation_half_life_hours: float = Field(gt=0)
    affinity: Weight
    popularity: Weight
    one_per_group: bool
    freshness: Weight
    freshness_half_life_days: float = Field(gt=0)
    weights: dict[str, Weight]

    @model_validator(mode="after")
    def _consistent(self) -> "Surface":
        if self.n > self.max_n:
            raise ValueError(f"n = {self.n} is larger than max_n = {self.max_n}")
        if not any(self.weights.values()):
            raise ValueError("at least one weight must be above 0")
        return self

    def changed(self, changes: Mapping[str, Any]) -> "Surface":
        """The same with other values of some keys; weights are laid over the ones there are.

        Raises
        ------
        ValidationError : an unknown key, or a value out of range.
        """
        return Surface.model_validate(laid_over(self.model_dump(), changes)) if changes else self


ShelfName = Literal[
    "for_you", "recently_viewed", "buy_again", "top_categories", "trending", "best_value", "new_arrivals"
]
SHELVES: tuple[ShelfName, ...] = get_args(ShelfName)
"""What a page can show."""


class Page(Frozen):
    """A home page of several shelves."""

    shelves: tuple[ShelfName, ...]
    n: int = Field(ge=1, le=100)
    top_categories: int = Field(ge=1, le=20)
