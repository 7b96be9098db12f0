"""What a shopper's words were understood as, before anything was looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field


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
    """

    text: str
    words: tuple[tuple[str, float], ...]
    corrected: Mapping[str, str] = field(default_factory=dict)
    synonyms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    units: tuple[str, ...] = ()
    exact: tuple[int, ...] = ()
