"""What the credited events of a slot are worth: a click, a cart, a purchase, or money."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.attribution_log import Credited
from service.core.behaviour import TYPE_CODES
from service.core.errors import InvalidQuery

Values = NDArray[np.float64]

REWARDS = ("click", "cart", "purchase", "revenue")


@dataclass(frozen=True, slots=True, eq=False)
class Reward:
    """float64[R], of each slot; `unpriced` purchases were of products whose price is not known and count 0."""

    values: Values
    currency: str | None = None
    unpriced: int = 0


def slot_rewards(credited: Credited, name: str, currency: str | None = None) -> Reward:
    """The reward of every slot: 1 for a slot that was clicked (put into a cart, bought) however often, or its revenue.

    Parameters
    ----------
    name : one of `REWARDS`. currency : of revenue; may be None where all purchases have the same.

    Raises
    ------
    InvalidQuery : no such reward; purchases in several currencies and none is named, which cannot be added up.
    """
    if name not in REWARDS:
        raise InvalidQuery(f"there is no reward {name!r}; there are {', '.join(REWARDS)}", code="unknown_reward")
    happened, rows = credited.happened, credited.credit.row
    slots = len(credited.shown.impression)
    counts = (rows >= 0) & (happened.types == TYPE_CODES["purchase" if name == "revenue" else name])
    if name != "revenue":
        return Reward((np.bincount(rows[counts], minlength=slots) > 0).astype(np.float64))
    known = currencies_of(credited)
    if currency is None and len(known) > 1:
        raise InvalidQuery(
            f"purchases in {', '.join(known)} cannot be added up; name one currency", code="several_currencies"
        )
    currency = currency or next(iter(known), None)
    if currency is not None:
        counts &= happened.currency == (credited.currencies.index(currency) if currency in known else -2)
    worth = happened.price * happened.pieces
    unpriced = int((counts & np.isnan(worth)).sum())
    counts &= np.isfinite(worth)
    return Reward(np.bincount(rows[counts], worth[counts], minlength=slots).astype(np.float64), currency, unpriced)


def currencies_of(credited: Credited) -> tuple[str, ...]:
    """The currencies of credited purchases."""
    bought = (credited.credit.row >= 0) & (credited.happened.types == TYPE_CODES["purchase"])
    numbers = np.unique(credited.happened.currency[bought])
    return tuple(credited.currencies[number] for number in numbers if number >= 0)
