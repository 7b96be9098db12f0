"""What diversity costs: NDCG beside the variety of the lists over MMR's lambda, and which lambda to take."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.beyond import vector_diversity
from eval.tune.lists import Choice, Gathered
from eval.tune.search import judged
from indexer.train.matrix import Csr
from service.context import Services
from service.core.types import Floats
from service.variety import Known, space_vectors

LAMBDAS = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5)
_DEPTH = 10


@dataclass(frozen=True, slots=True, eq=False)
class Tradeoff:
    """One lambda: NDCG@10 float64[U], and diversity float64[U]: 1 - mean cosine of a list's pairs in the space of MMR,
    NaN for one product."""

    mmr_lambda: float
    ndcg: NDArray[np.float64]
    diversity: NDArray[np.float64]


def tradeoffs(
    gathered: Gathered, services: Services, choice: Choice, users: Sequence[int], relevant: Csr,
    lambdas: Sequence[float] = LAMBDAS,
) -> list[Tradeoff]:  # fmt: skip
    """Each lambda on the same users, from relevance only to more and more variety."""
    known, space = Known(services.vectors, gathered.behaviour, gathered.rows), gathered.surface.mmr_space
    vectors: Floats = space_vectors(known, space, gathered.products)
    found = []
    for mmr_lambda in lambdas:
        places = gathered.diverse_places(services, choice, mmr_lambda, users, _DEPTH)
        found.append(Tradeoff(mmr_lambda, judged(places, users, relevant), vector_diversity(places, vectors)))
    return found


def front(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Which points (NDCG, diversity) no other beats in both: the Pareto front.

    Examples
    --------
    >>> front([(0.5, 0.1), (0.4, 0.3), (0.3, 0.2)])
    [True, True, False]
    """
    return [
        not any(other != point and other[0] >= point[0] and other[1] >= point[1] for other in points)
        for point in points
    ]


def most_diverse(found: Sequence[Tradeoff], max_loss: float) -> Tradeoff:
    """The most varied one that costs at most `max_loss` (0-1) of the first one's mean NDCG."""
    floor = float(found[0].ndcg.mean()) * (1 - max_loss)
    affordable = [one for one in found if float(one.ndcg.mean()) >= floor]
    return max(affordable, key=lambda one: float(np.nan_to_num(one.diversity).mean()))
