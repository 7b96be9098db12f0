"""The commercial side of a demo product: price and discount, reviews, stock."""

import math
from dataclasses import dataclass
from random import Random

from indexer.demo.look import Look
from indexer.demo.words import Brand, Type, words

SALE_SHARE = 0.22
SOLD_OUT_SHARE = 0.06
UNTRACKED_SHARE = 0.12


@dataclass(frozen=True, slots=True)
class Offer:
    """A price in cents, and the higher one it replaced if it is on sale."""

    price_minor: int
    original_price_minor: int | None


@dataclass(frozen=True, slots=True)
class Reviews:
    """Mean stars (1.0 to 5.0, None without reviews) and how many there are."""

    rating: float | None
    count: int


def draw_offer(rng: Random, kind: Type, brand: Brand, look: Look, quality: float) -> Offer:
    """Price within the type's range (log-uniform), moved by brand, material and quality; some are on sale."""
    low, high = kind.price
    # Half of a material's premium is already in the type's range.
    premium = brand.level * math.sqrt(words().materials[look.material].price) * math.exp(0.06 * quality)
    full = round_price(low * (high / low) ** rng.random() * premium)
    on_sale, share = rng.random() < SALE_SHARE, rng.choice((0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5))
    if not on_sale:
        return Offer(full, None)
    reduced = round_price(full / 100 * (1 - share))
    return Offer(reduced, full) if reduced < full else Offer(full, None)


def round_price(euros: float) -> int:
    """Cents as shops write them: x.95 below 100 EUR, whole tens less one above.

    Examples
    --------
    >>> round_price(23.4), round_price(187.0)
    (2395, 18900)
    """
    if euros < 100:
        return max(1, math.floor(euros)) * 100 + 95
    return (round(euros / 10) * 10 - 1) * 100


def draw_reviews(rng: Random, quality: float, appeal: float, age_days: float) -> Reviews:
    """Stars and review count: popular and older products have more reviews, few reviews are noisy."""
    expected = 28.0 * (age_days / 365.0) * math.exp(0.9 * appeal)
    count = int(expected * math.exp(rng.gauss(0.0, 0.6)))
    noise = rng.gauss(0.0, 0.8) / math.sqrt(count + 1)
    rating = round(min(5.0, max(1.0, 4.1 + 0.42 * quality + noise)), 1)
    return Reviews(rating if count else None, count)


def draw_stock(rng: Random) -> int | None:
    """Pieces left: 0 for some, None (not tracked) for some, else mostly small numbers."""
    draw = rng.random()
    pieces = 1 + int(rng.expovariate(1 / 35))
    if draw < SOLD_OUT_SHARE:
        return 0
    return None if draw < SOLD_OUT_SHARE + UNTRACKED_SHARE else pieces
