"""Fill a slate slot by slot: caps on groups, and slots that chance gives to guests, with exact probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.ranking.normalize import Scores
from service.ranking.sample import draw_order, plackett_luce

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Cap:
    """At most `most` products of each group.

    Parameters
    ----------
    groups : int64[C], the group of each product, 0 and up; -1 for none.
    """

    groups: Places
    most: int


@dataclass(frozen=True, slots=True, eq=False)
class Guests:
    """Products that get slots by chance although others score higher.

    Parameters
    ----------
    share : probability of a slot to be theirs, 0-1; the shares of all guests add up to 1 at most.
    odds : float64[C] >= 0, how likely each is beside the others; 0 is never.
    """

    name: str
    share: float
    odds: Scores


@dataclass(frozen=True, slots=True, eq=False)
class Filled:
    """Attributes
    ----------
    places : int64[N], in slot order. propensities : float64[N] in (0, 1], the probability of that product in that slot
        given the slots before it. guests : name of the list each slot was given to, None for the ranked one.
    """

    places: Places
    propensities: NDArray[np.float64]
    guests: tuple[str | None, ...]


def fill_slots(
    scores: Scores, n: int, temperature: float, seed: int, caps: Sequence[Cap] = (), guests: Sequence[Guests] = ()
) -> Filled:
    """Draw `n` of C products; each slot is the next of the ranked list, or by chance a guest's.

    A slot's probabilities are ``(1 - S) softmax(score / temperature) + sum of share * odds / sum of odds`` over the
    products that no cap keeps out, S being the shares of guests that have somebody left. Where caps leave nobody, they
    give way: a slate is full if it can be.

    Notes
    -----
    Taking the products in the order of one Gumbel draw and passing over those that a cap keeps out is the sequential
    softmax over those that it does not: whom a cap keeps out once, it keeps out for good, so passing over somebody
    tells nothing about the others. O(n C).

    Examples
    --------
    >>> brands = Cap(np.array([0, 0, 1]), most=1)
    >>> fill_slots(np.array([3.0, 2.0, 1.0]), n=2, temperature=0, seed=1, caps=[brands]).places.tolist()
    [0, 2]
    """
    if not caps and not guests:  # all slots at once
        drawn, chances = plackett_luce(scores, n, temperature, seed)
        return Filled(drawn, chances, (None,) * len(drawn))
    count = len(scores)
    order, logits = draw_order(scores, temperature, seed)
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    coin = np.random.default_rng([seed % 2**32, seed >> 32, 1])  # another stream than that of the order
    left = np.ones(count, bool)
    places: list[int] = []
    propensities: list[float] = []
    names: list[str | None] = []
    for _ in range(min(n, count)):
        open_ = _open(left, caps, places)
        parts = _parts(open_, guests)
        best = int(np.argmin(np.where(open_, rank, count)))
        name, own = _who(parts, coin.random())
        place = best if own is None else _draw(own, coin.random())
        places.append(place)
        propensities.append(_chance(place, best, logits, temperature, open_, parts))
        names.append(name)
        left[place] = False
    return Filled(np.array(places, np.int64), np.clip(propensities, np.finfo(np.float64).tiny, 1.0), tuple(names))


def _open(left: NDArray[np.bool_], caps: Sequence[Cap], places: Sequence[int]) -> NDArray[np.bool_]:
    """Who may have the next slot."""
    allowed = left.copy()
    for cap in caps:
        taken = cap.groups[list(places)]
        taken = taken[taken >= 0]
        full = np.flatnonzero(np.bincount(taken) >= cap.most) if len(taken) else taken
        if len(full):
            allowed &= ~np.isin(cap.groups, full)
    return allowed if allowed.any() else left


_Part = tuple[str, float, NDArray[np.float64]]


def _parts(open_: NDArray[np.bool_], guests: Sequence[Guests]) -> list[_Part]:
    """Which guests have somebody left, and every product's probability to be theirs in a slot that they have."""
    parts: list[_Part] = []
    for one in guests:
        odds = np.where(open_, one.odds, 0.0)
        if one.share > 0 and (total := odds.sum()) > 0:
            parts.append((one.name, one.share, odds / total))
    return parts


def _chance(
    place: int, best: int, logits: Scores, temperature: float, open_: NDArray[np.bool_], parts: Sequence[_Part]
) -> float:
    """The probability of a product to have the slot: by its rank, and as a guest.

    Parameters
    ----------
    best : the first of the ranked list that may have it.
    """
    if temperature == 0:
        ranked = float(place == best)
    else:
        odds = np.exp(logits[open_] - logits[open_].max())
        ranked = float(odds[np.count_nonzero(open_[:place])] / odds.sum()) if open_[place] else 0.0
    chance = (1 - sum(share for _, share, _ in parts)) * ranked
    for _, share, own in parts:
        chance += share * float(own[place])
    return chance


def _who(parts: Sequence[_Part], toss: float) -> tuple[str | None, NDArray[np.float64] | None]:
    """Whose the slot is: a guest list's with its share, else the ranked list's."""
    reached = 0.0
    for name, share, odds in parts:
        reached += share
        if toss < reached:
            return name, odds
    return None, None


def _draw(odds: NDArray[np.float64], toss: float) -> int:
    reached = np.cumsum(odds)
    return int(np.searchsorted(reached, toss * reached[-1], side="right"))
