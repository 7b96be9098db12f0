"""Many lists into one, keeping what each signal contributed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.core.types import Ids
from service.ranking.normalize import Scores, competition_ranks


@dataclass(frozen=True, slots=True)
class Fused:
    """One list, best first; a product's score is the sum of its contributions.

    Attributes
    ----------
    ids : int64[C], without duplicates. scores : float64[C], descending; equal scores by ascending id.
    signals : names of the S rows of `contributions`, float64[S, C], weight x normalised score, 0 where a signal
        did not propose the product.
    """

    ids: Ids
    scores: Scores
    signals: tuple[str, ...]
    contributions: NDArray[np.float64]

    def take(self, positions: NDArray[np.int64]) -> "Fused":
        """The products at these positions, in this order."""
        return Fused(self.ids[positions], self.scores[positions], self.signals, self.contributions[:, positions])


@dataclass(frozen=True, slots=True)
class ScoredList:
    """What one signal proposes: ids int64[C], scores float64[C]."""

    ids: Ids
    scores: Scores


def weighted_sum(lists: Mapping[str, ScoredList], weights: Mapping[str, float]) -> Fused:
    """Score = sum over signals of weight x normalised score (CombSUM with weights; Fox & Shaw 1994).

    Parameters
    ----------
    lists : signal -> its list, already normalised. weights : signal -> weight >= 0; missing means 0, and what only
        signals of weight 0 propose is left out.

    Examples
    --------
    >>> text = ScoredList(np.array([1, 2]), np.array([1.0, 0.0]))
    >>> image = ScoredList(np.array([2, 3]), np.array([1.0, 0.5]))
    >>> fused = weighted_sum({"text": text, "image": image}, {"text": 0.6, "image": 0.4})
    >>> dict(zip(fused.ids.tolist(), fused.scores.round(2).tolist()))
    {1: 0.6, 2: 0.4, 3: 0.2}
    """
    return _sum({name: (lists[name], lists[name].scores * weights[name]) for name in _counted(lists, weights)})


def reciprocal_rank(lists: Mapping[str, ScoredList], weights: Mapping[str, float], k: float = 60.0) -> Fused:
    """Score = sum over signals of weight / (k + rank) (Cormack, Clarke & Buettcher 2009, eq. 1).

    Examples
    --------
    >>> text = ScoredList(np.array([7, 8]), np.array([0.9, 0.1]))
    >>> fused = reciprocal_rank({"text": text}, {"text": 1.0})
    >>> bool(fused.scores[0] == 1 / (60 + 1))
    True
    """
    shares: dict[str, tuple[ScoredList, Scores]] = {}
    for name in _counted(lists, weights):
        ranks = competition_ranks(lists[name].scores).astype(np.float64)
        shares[name] = (lists[name], weights[name] / (k + ranks))
    return _sum(shares)


def _counted(lists: Mapping[str, ScoredList], weights: Mapping[str, float]) -> list[str]:
    """Signals that have a weight: the proposals of the others are no candidates."""
    return [name for name in lists if weights.get(name)]


def _sum(shares: Mapping[str, tuple[ScoredList, Scores]]) -> Fused:
    signals = tuple(shares)
    if not signals:
        return Fused(np.empty(0, np.int64), np.empty(0), signals, np.zeros((0, 0)))
    lists = [scored.ids for scored, _ in shares.values()]
    ids, place = np.unique(np.concatenate(lists), return_inverse=True)
    contributions = np.zeros((len(signals), len(ids)))
    signal = np.repeat(np.arange(len(signals)), [len(own) for own in lists])
    contributions[signal, place] = np.concatenate([share for _, share in shares.values()])
    scores = contributions.sum(axis=0)
    order = np.argsort(-scores, kind="stable")  # ids ascend, so equal scores stay in the order of their ids
    return Fused(ids[order], scores[order], signals, contributions[:, order])
