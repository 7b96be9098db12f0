"""Why a product stands where it stands, in numbers and in what the user did."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """What one signal said of one product.

    Attributes
    ----------
    raw : the engine's score. rank : 1 is the best; equal scores share it. of : how many it proposed.
    normalised : comparable with other signals. weight : of the signal. contribution : what it added to the score.
    """

    raw: float
    rank: int
    of: int
    normalised: float
    weight: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that led to one slot.

    Attributes
    ----------
    said : signal -> what it said. place : where the product stood by its score, 1 first, before variety and pins; None
        where a rule alone put it there.
    confidence : how sure we are that it suits: Very High, High, Medium or Exploratory.
    because : internal id of the product of the past, or of the page, that speaks loudest for it. did : what the user
        did with that one. category, query : what the signal looked at.
    """

    said: Mapping[str, Said]
    place: int | None
    confidence: str
    because: int | None = None
    did: str | None = None
    category: str | None = None
    query: str | None = None
