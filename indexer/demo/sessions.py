"""The demo shop's opening days: everybody who comes on a day browses step by step, all at once in arrays."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.demo.events import CART, PURCHASE, SEARCH, VIEW, WISHLIST
from indexer.demo.market import Market
from indexer.demo.minds import Minds
from service.core.types import Floats

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
MAX_STEPS = 25
_CONTINUE = 0.74
_RETURN, _VIRAL, _FOLLOW_UP = 0.30, 0.10, 0.25  # where a session begins: shares of all sessions
_STAY, _PARTNER = 0.52, 0.24  # where it goes next: compare within the type, or on to what goes with it
_SEARCH = 0.38  # of the steps that begin something new
_BUY_FROM_CART = 0.42


@dataclass(slots=True)
class Memory:
    """What identified shoppers remember from earlier days; -1 is nothing. int64[U] each."""

    wanted: Rows
    in_cart: Mask
    bought_type: Rows


@dataclass(slots=True)
class Log:
    """Events as they happen: (visit, kind, product, seconds since the visit began) column blocks."""

    blocks: list[tuple[Rows, int, Rows, NDArray[np.float64]]] = field(default_factory=list)

    def add(self, kind: int, visits: Rows, products: Rows, clock: NDArray[np.float64], chosen: Mask) -> None:
        """Record an event for the chosen among the visits."""
        self.blocks.append((visits[chosen], kind, products[chosen], clock[visits[chosen]].copy()))


def new_memory(shoppers: int) -> Memory:
    """Nobody has been here before."""
    return Memory(np.full(shoppers, -1), np.zeros(shoppers, np.bool_), np.full(shoppers, -1))


def live_day(
    rng: np.random.Generator,
    market: Market,
    minds: Minds,
    memory: Memory,
    visitors: Rows,
    is_known: Mask,
    day: int,
    days: int,
) -> Log:
    """One day of visits.

    Parameters
    ----------
    visitors : int64[V], shopper row of each visit. is_known : bool[V], False for anonymous visits, which neither
        use nor change the memory.
    """
    log, progress = Log(), day / days
    target, kinds, is_return = _arrivals(rng, market, minds, memory, visitors, is_known, day, progress)
    clock = np.zeros(len(visitors))
    previous = np.full(len(visitors), -1)
    visits, is_fresh = np.arange(len(visitors)), target < 0
    for _ in range(MAX_STEPS):
        who = visitors[visits]
        picked = _pick(rng, market, minds, who, kinds[visits], previous[visits], day, progress)
        products = np.where(target[visits] >= 0, target[visits], picked)
        returns = is_return[visits] & (target[visits] >= 0)
        _tick(rng, clock, visits)
        log.add(SEARCH, visits, products, clock, is_fresh[visits] & (rng.random(len(visits)) < _SEARCH))
        _tick(rng, clock, visits, 0.3)
        log.add(VIEW, visits, products, clock, np.ones(len(visits), np.bool_))
        liking = minds.of(who, products, progress) - minds.usual[who]
        carts, buys = _funnel(rng, log, clock, visits, products, liking, returns, returns & memory.in_cart[who])
        _remember(rng, market, memory, who, is_known[visits], products, liking, carts, buys)
        target[visits], previous[visits] = -1, products
        # What was just viewed may have come from outside the type (a return, a trend): comparing starts from there.
        here = market.type_of[products].astype(np.int64)
        kinds[visits], is_fresh[visits] = _next_kinds(rng, market, minds, who, here, carts, day, progress)
        visits = visits[rng.random(len(visits)) < np.where(buys, _CONTINUE * 0.7, _CONTINUE)]
        if not len(visits):
            break
    return log


def _arrivals(
    rng: np.random.Generator,
    market: Market,
    minds: Minds,
    memory: Memory,
    visitors: Rows,
    is_known: Mask,
    day: int,
    progress: float,
) -> tuple[Rows, Rows, Mask]:
    """The product each visit begins with (-1: to be picked), the type it has in mind, and whether it is a return."""
    draw = rng.random(len(visitors))
    is_return = is_known & (memory.wanted[visitors] >= 0) & (draw < _RETURN)
    target = np.where(is_return, memory.wanted[visitors], -1)
    viral = market.viral[day]
    if len(viral):
        comes_for_trend = ~is_return & (draw > 1 - _VIRAL)
        target = np.where(comes_for_trend, rng.choice(viral, len(visitors)), target)
    kinds = _fresh_kinds(rng, market, minds, visitors, day, progress)
    bought = memory.bought_type[visitors]
    follows_up = is_known & (bought >= 0) & (rng.random(len(visitors)) < _FOLLOW_UP)
    return target, np.where(follows_up, _partners(rng, market, np.maximum(bought, 0), kinds, day), kinds), is_return


def _fresh_kinds(rng: np.random.Generator, market: Market, minds: Minds, who: Rows, day: int, progress: float) -> Rows:
    taste = (1 - progress) * minds.early_types[who] + progress * minds.late_types[who]
    return _sample(rng, taste + market.type_lift[day])


def _partners(rng: np.random.Generator, market: Market, kinds: Rows, otherwise: Rows, day: int) -> Rows:
    """A type that goes with each of `kinds`, or the alternative where the shop has none of it."""
    column = rng.integers(market.partners.shape[1], size=len(kinds))
    partners = market.partners[kinds, column].astype(np.int64)
    return np.where(market.type_lift[day, partners] > -1e8, partners, otherwise)


def _next_kinds(
    rng: np.random.Generator,
    market: Market,
    minds: Minds,
    who: Rows,
    here: Rows,
    carts: Mask,
    day: int,
    progress: float,
) -> tuple[Rows, Mask]:
    """The next type, and whether it is something new; after a cart, what goes with it is twice as likely."""
    draw = rng.random(len(here))
    fresh = _fresh_kinds(rng, market, minds, who, day, progress)
    stay = np.where(carts, _STAY / 2, _STAY)
    partner = np.where(carts, 2 * _PARTNER, _PARTNER)
    is_fresh = draw >= stay + partner
    kinds = np.where(draw < stay, here, np.where(is_fresh, fresh, _partners(rng, market, here, fresh, day)))
    return kinds, is_fresh


def _pick(
    rng: np.random.Generator,
    market: Market,
    minds: Minds,
    who: Rows,
    kinds: Rows,
    previous: Rows,
    day: int,
    progress: float,
) -> Rows:
    """A product of each type, by taste and popularity; not the one just seen unless it is the only one."""
    members = market.members[kinds].astype(np.int64)
    scores = minds.of(who[:, None], members, progress) + market.member_lift[day, kinds]
    scores[members == previous[:, None]] -= 50.0
    return np.asarray(members[np.arange(len(kinds)), _sample(rng, scores)])


def _funnel(
    rng: np.random.Generator,
    log: Log,
    clock: NDArray[np.float64],
    visits: Rows,
    products: Rows,
    liking: Floats,
    returns: Mask,
    in_cart: Mask,
) -> tuple[Mask, Mask]:
    """From a view to cart, wishlist and purchase; returns who put it into the cart and who bought it."""
    carts = ~in_cart & (rng.random(len(visits)) < _chance(0.55 * liking + 1.3 * returns - 3.9))
    wishes = ~carts & ~in_cart & (rng.random(len(visits)) < _chance(0.5 * liking - 4.3))
    buys = (carts | in_cart) & (rng.random(len(visits)) < _BUY_FROM_CART)
    _tick(rng, clock, visits, 0.5)
    log.add(CART, visits, products, clock, carts)
    log.add(WISHLIST, visits, products, clock, wishes)
    _tick(rng, clock, visits)
    log.add(PURCHASE, visits, products, clock, buys)
    return carts, buys


def _remember(
    rng: np.random.Generator,
    market: Market,
    memory: Memory,
    who: Rows,
    is_known: Mask,
    products: Rows,
    liking: Floats,
    carts: Mask,
    buys: Mask,
) -> None:
    """Keep what was left in the cart or merely liked; forget what was bought, but not its type."""
    likes = (liking > 1.5) & (rng.random(len(who)) < 0.5) & ~memory.in_cart[who]
    keeps = is_known & ~buys & (carts | likes)
    memory.wanted[who[keeps]], memory.in_cart[who[keeps]] = products[keeps], carts[keeps]
    done = is_known & buys
    memory.wanted[who[done]], memory.in_cart[who[done]] = -1, False
    memory.bought_type[who[done]] = market.type_of[products[done]]


def _sample(rng: np.random.Generator, scores: Floats) -> Rows:
    """One column per row, with probability proportional to exp(score) (Gumbel's trick)."""
    noise = np.maximum(rng.standard_exponential(scores.shape, np.float32), 1e-30)
    return np.asarray(np.argmax(scores - np.log(noise), axis=1), np.int64)


def _chance(log_odds: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _tick(rng: np.random.Generator, clock: NDArray[np.float64], visits: Rows, pace: float = 1.0) -> None:
    """Let time pass: about half a minute."""
    clock[visits] += pace * rng.lognormal(3.4, 0.8, len(visits))
