"""What a shopper's words were understood as, before anything was looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from service.core.filters import Filter, all_of

TraitKind = Literal["price", "brand", "category", "colour", "size", "material", "gender"]
TRAIT_KINDS: tuple[TraitKind, ...] = get_args(TraitKind)
"""What words of a query can say of the products wanted."""


@dataclass(frozen=True, slots=True)
class Trait:
    """Words of a query that name something products have.

    Attributes
    ----------
    words : as they were typed. wanted : what a product must meet to have it. weight : added to the fused score of
        products that have it; None where all others are left out.
    """

    kind: TraitKind
    words: str
    wanted: Filter
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """A query's words, read.

    Attributes
    ----------
    text : what encoders of sentences and pictures read.
    words : texts with weights above 0 that word search looks for together, the shopper's own first.
    corrected : word as it was typed -> the shop's word that was meant.
    synonyms : what was asked for -> what else is looked for because of it. units : other ways to write a size.
    exact : internal ids of products whose id or code stands in the query.
    traits : what else the words say of the products wanted.
    """

    text: str
    words: tuple[tuple[str, float], ...]
    corrected: Mapping[str, str] = field(default_factory=dict)
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    units: tuple[str, ...] = ()
    exact: tuple[int, ...] = ()
    traits: tuple[Trait, ...] = ()

    @property
    def filter(self) -> Filter | None:
        """What every product must meet; None where the words demand nothing."""
        return all_of(*(trait.wanted for trait in self.traits if trait.weight is None))
