"""Logged slates and a candidate put together: both probabilities of every slot, and what a model expects of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from config.surface import Surface
from eval.offpolicy.candidate import Diversify, features, ranked
from eval.offpolicy.estimate import Sample
from eval.offpolicy.logged import LoggedSlate, Pools
from eval.offpolicy.reward_model import fit, judge
from eval.offpolicy.slots import slot_probabilities

Values = NDArray[np.float64]

_BLOCK = 200  # slates at a time


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The candidate's pools: ``ranks`` int64[B, C], the place of each product before chance comes in (0 first), and
    the scores float64[B, C] the draw goes by, by place; -inf where a pool is shorter."""

    ranks: NDArray[np.int64]
    scores: Values


def plan(slates: Sequence[LoggedSlate], pools: Pools, candidate: Surface, diversified: Diversify) -> Plan:
    """What the candidate makes of every pool."""
    ranks = np.full(pools.products.shape, pools.products.shape[1])
    scores = np.full(pools.products.shape, -np.inf)
    for row, slate in enumerate(slates):
        ids, by_place = ranked(slate, candidate, diversified)
        place_of = {product: place for place, product in enumerate(ids.tolist())}
        ranks[row, : len(ids)] = [place_of[product] for product in slate.draw.products]
        scores[row, : len(ids)] = by_place
    return Plan(ranks, scores)


def make_sample(
    slates: Sequence[LoggedSlate],
    pools: Pools,
    planned: Plan,
    temperature: float,
    reward: Values,
    visitor: NDArray[np.int64],
    *,
    clip: float,
    on_done: Callable[[float], None] = lambda _: None,
) -> tuple[Sample, float]:
    """A `Sample` of B slates, and the share of the candidate's slots that the log can say little about.

    Parameters
    ----------
    temperature : the candidate's. reward : float64[B, N]. visitor : int64[B], 0 to V - 1.
    clip : products that the log showed less than ``1 / clip`` as often as the candidate would count for that share.
    on_done : told how many slates were finished since.
    """
    signals = tuple(sorted({name for slate in slates for name in slate.draw.contributions}))
    described = np.zeros((*pools.products.shape, len(signals)))
    for row, slate in enumerate(slates):
        described[row, : len(slate.draw.products)] = features(slate.draw, signals)
    filled, rows = pools.filled(), np.arange(len(slates))
    model = fit(described[rows[:, None], pools.shown], reward, filled, visitor)
    logged, target, guess = np.ones_like(reward), np.zeros_like(reward), np.zeros_like(reward)
    direct, unseen = np.zeros(len(slates)), np.zeros(len(slates))
    for start in range(0, len(slates), _BLOCK):
        some = rows[start : start + _BLOCK]
        before = slot_probabilities(pools.logits[some], reward.shape[1])
        after = _target(planned, some, temperature, reward.shape[1]) * filled[some][:, :, None]
        worth = judge(model, described[some], some)
        looked = model.looked[model.fold[some]]
        direct[some] = np.einsum("bnc,bn,bc->b", after, looked, worth)
        unseen[some] = (after * (after > clip * before)).sum((1, 2)) / np.maximum(filled[some].sum(1), 1)
        logged[some] = _of_shown(before, pools.shown[some])
        target[some] = _of_shown(after, pools.shown[some])
        guess[some] = looked * np.take_along_axis(worth, np.maximum(pools.shown[some], 0), 1)
        on_done(len(some))
    sample = Sample(visitor, reward, filled, np.maximum(logged, np.finfo(float).tiny), target, guess, direct)
    return sample, float(unseen.mean())


def _target(planned: Plan, rows: NDArray[np.int64], temperature: float, slots: int) -> Values:
    """The candidate's probability of every product in every slot, float64[B, N, C]."""
    ranks = planned.ranks[rows]
    if temperature == 0:
        return np.asarray(ranks[:, None, :] == np.arange(slots)[:, None], np.float64)
    by_place = slot_probabilities(planned.scores[rows] / temperature, slots)
    # a product that is not there has a place behind the last one, where nothing is drawn
    padded = np.concatenate([by_place, np.zeros((*by_place.shape[:2], 1))], axis=2)
    return np.take_along_axis(padded, np.broadcast_to(ranks[:, None, :], by_place.shape), 2)


def _of_shown(probabilities: Values, shown: NDArray[np.int64]) -> Values:
    return np.take_along_axis(probabilities, np.maximum(shown, 0)[:, :, None], 2)[:, :, 0]
