"""The four parts of the fullstack ensemble: which signals each is made of, and what it says of a product."""

from collections.abc import Mapping
from typing import Literal

from service.api.compat.fullstack_schemas import Breakdown

Confidence = Literal["Very High", "High", "Medium", "Exploratory"]

PARTS: Mapping[str, tuple[str, ...]] = {
    "collaborative": ("cf", "covisit", "sequence", "association"),
    "content_based": ("tfidf", "lexical"),
    "neural": ("text", "image", "searches"),
    "contextual": ("bandit", "trending", "best_value"),
}
"""Part -> its signals, also those that the profile leaves off and a shop may switch on."""

DIGITS = 6
_LABELS: tuple[tuple[float, Confidence], ...] = ((0.7, "Very High"), (0.5, "High"), (0.3, "Medium"))


def part_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """What each part counts, given what its signals do.

    Examples
    --------
    >>> part_weights({"cf": 0.35, "tfidf": 0.3, "text": 0.125, "image": 0.125, "bandit": 0.1})["neural"]
    0.25
    """
    return {part: sum(weights.get(signal, 0.0) for signal in signals) for part, signals in PARTS.items()}


def breakdown(contributions: Mapping[str, float], weights: Mapping[str, float]) -> Breakdown:
    """Each part of a score, 0 to 1.

    Parameters
    ----------
    contributions : signal -> its share of the score. weights : of the signals in force.

    Examples
    --------
    >>> breakdown({"cf": 0.35, "text": 0.05}, {"cf": 0.35, "text": 0.125, "image": 0.125}).model_dump()
    {'collaborative': 1.0, 'content_based': 0.0, 'neural': 0.2, 'contextual': 0.0}
    """
    whole = part_weights(weights)
    shares = {part: sum(contributions.get(signal, 0.0) for signal in signals) for part, signals in PARTS.items()}
    return Breakdown(**{part: round(share / (whole[part] or 1.0), DIGITS) for part, share in shares.items()})


def confidence(score: float) -> Confidence:
    """The label of a score.

    Examples
    --------
    >>> [confidence(score) for score in (0.71, 0.7, 0.51, 0.5, 0.31, 0.3, 0.0)]
    ['Very High', 'High', 'High', 'Medium', 'Medium', 'Exploratory', 'Exploratory']
    """
    return next((label for above, label in _LABELS if score > above), "Exploratory")
