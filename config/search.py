"""The tables of recommender.toml about search: how a query is read, what completes it, what counts as one product."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from config.frozen import Frozen
from service.core.near import Near
from service.core.understood import TraitKind

MatchSignal = Literal["lexical", "text", "image", "picture"]
"""The signals of a query's own words and pictures: those that can say what matches."""

Mode = Literal["filter", "off"] | Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]


class Search(Frozen):
    """Spelling, synonyms, product codes, traits, and what is added to the scores of a search."""

    correct: bool
    correction_weight: float = Field(gt=0, le=1)
    synonyms_file: str
    synonym_weight: float = Field(gt=0, le=1)
    words_held: float = Field(ge=0, le=1000, allow_inf_nan=False)
    exact: float = Field(ge=0, le=1000, allow_inf_nan=False)
    floor: float = Field(ge=-1, le=1)
    cache: int = Field(ge=0, le=1_000_000)
    words_share: float = Field(ge=0, le=1)
    match_shares: dict[MatchSignal, Annotated[float, Field(ge=0, le=1)]]
    match_most: dict[MatchSignal, Annotated[int, Field(ge=1, le=10_000)]]
    cross_encoder: str
    cross_encoder_top: int = Field(ge=1, le=1000)
    cross_encoder_weight: float = Field(ge=0, le=1000, allow_inf_nan=False)
    chosen_visitors: int = Field(ge=1)
    chosen_days: float = Field(ge=1)
    with_product: dict[MatchSignal, Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]]
    with_picture: dict[MatchSignal, Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]]
    traits: dict[TraitKind, Mode]
    trait_fields: dict[TraitKind, tuple[str, ...]]


class Suggest(Frozen):
    """Completions of what is being typed."""

    refresh_s: float = Field(ge=1, le=86_400)
    min_visitors: int = Field(ge=1)
    window_days: float = Field(ge=1)
    click_weight: float = Field(ge=0, le=1000, allow_inf_nan=False)


class Variants(Frozen):
    """Which products are one product to a shopper."""

    group_fields: tuple[str, ...]
    name_traits: tuple[TraitKind, ...]
    same_fields: tuple[str, ...]
    colours: tuple[str, ...]


class Similar(Frozen):
    """What `/v1/similar` may be asked for beside a surface's own keys."""

    price_band: float = Field(gt=0, le=10)


class SimilarMode(Frozen):
    """A way to be similar: what it changes of the surface, what products are to have in common, what comes behind."""

    then: tuple[str, ...] = ()
    weights: dict[str, float] = Field(default_factory=dict)
    changes: dict[str, Any] = Field(default_factory=dict)
    price_band: float | None = Field(None, gt=0, le=10)
    same_brand: bool | None = None
    same_category: bool | None = None

    def over(self, weights: Mapping[str, float]) -> dict[str, Any]:
        """All it changes of a surface with these weights: signals it does not name are off where it names any.

        Examples
        --------
        >>> SimilarMode(weights={"image": 1.0}).over({"text": 0.6, "image": 0.4})
        {'weights': {'text': 0.0, 'image': 1.0}}
        """
        if not self.weights:
            return self.changes
        return {**self.changes, "weights": {**dict.fromkeys(weights, 0.0), **self.weights}}

    @property
    def near(self) -> Near:
        """What products are to have in common."""
        return Near(self.price_band, self.same_brand, self.same_category)
