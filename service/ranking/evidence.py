"""Why a product stands where it stands: what each signal said of it, and how sure that makes us."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from service.core.evidence import Said
from service.core.types import Ids
from service.ranking.fuse import ScoredList
from service.ranking.normalize import Scores, competition_ranks

VERY_HIGH, HIGH, MEDIUM, EXPLORATORY = "Very High", "High", "Medium", "Exploratory"
_LABELS = ((0.75, VERY_HIGH), (0.5, HIGH), (0.25, MEDIUM))


def said_of(
    products: Ids, raw: Mapping[str, ScoredList], normalised: Mapping[str, Scores], weights: Mapping[str, float],
    rrf_k: float | None,
) -> dict[int, dict[str, Said]]:  # fmt: skip
    """What each signal said of each of these products; signals that did not propose one say nothing of it.

    Parameters
    ----------
    raw : signal -> its list. normalised : signal -> float64[C] of the same list. rrf_k : None for weighted sums.

    Examples
    --------
    >>> text = ScoredList(np.array([7, 8]), np.array([0.9, 0.5]))
    >>> said_of(np.array([8]), {"text": text}, {"text": np.array([1.0, 0.0])}, {"text": 0.4}, None)[8]["text"]
    Said(raw=0.5, rank=2, of=2, normalised=0.0, weight=0.4, contribution=0.0)
    """
    found: dict[int, dict[str, Said]] = {product: {} for product in products.tolist()}
    for signal, scored in raw.items():
        if not (weight := weights.get(signal)):
            continue
        ranks = competition_ranks(scored.scores)
        for place in np.flatnonzero(np.isin(scored.ids, products)).tolist():
            value = float(normalised[signal][place])
            rank = int(ranks[place])
            gained = weight * value if rrf_k is None else weight / (rrf_k + rank)
            found[int(scored.ids[place])][signal] = Said(
                float(scored.scores[place]), rank, len(scored.ids), value, weight, gained
            )
    return found


def confidence(said: Mapping[str, Said], asked: Mapping[str, float], guest: str | None) -> str:
    """How sure we are that this suits: how much of the weight of those who were asked speaks for it, and how loudly.

    ``sum of weight x (1 - (rank - 1) / of) / sum of asked weights``: from .75 very high, .5 high, .25 medium. What
    chance put there, and what little speaks for, is exploratory.

    Parameters
    ----------
    asked : signal -> weight of every signal that proposed anything.

    Examples
    --------
    >>> confidence({"cf": Said(1.0, 1, 100, 1.0, 0.8, 0.8)}, {"cf": 0.8, "text": 0.2}, None)
    'Very High'
    >>> confidence({}, {"cf": 0.8}, None)
    'Exploratory'
    """
    total = sum(asked.values())
    if guest is not None or not total:
        return EXPLORATORY
    loud = sum(one.weight * (1 - (one.rank - 1) / one.of) for one in said.values()) / total
    return next((label for least, label in _LABELS if loud >= least), EXPLORATORY)


def loudest(parts: NDArray[np.float64]) -> int | None:
    """Place of what speaks loudest for a product, of parts float64[H]; None where nothing speaks for it.

    Examples
    --------
    >>> loudest(np.array([0.1, 0.5])), loudest(np.array([-1.0, 0.0]))
    (1, None)
    """
    return int(parts.argmax()) if len(parts) and parts.max() > 0 else None
