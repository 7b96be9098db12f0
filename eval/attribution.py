"""Which shown slot an interaction is credited to: the one it names, or the last one of that product.

* An event with a `request_id` credits the slot of that request that holds its product, whenever it happens; where it
  tells a position too, that must be the slot.
* An event without one credits the last slot that showed the product to the same user, or in the same session, at most
  `window_s` before.
* Every event credits at most one slot. Only clicks, carts and purchases do: hiding and searching are no reward.

Shape letters: I impressions (slates), R slots of all of them, E events.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from service.core.behaviour import Codes, Times
from service.core.types import Ids

Flags = NDArray[np.bool_]

NONE = -1
"""No request, no user, no session, no position."""
UNKNOWN = -2
"""A request, user or session that no impression has."""


class Outcome(IntEnum):
    """What became of an event."""

    CREDITED = 0
    UNKNOWN_REQUEST = 1
    NOT_IN_SLATE = 2
    WRONG_POSITION = 3
    NOT_SHOWN = 4


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What was shown, as columns.

    Attributes
    ----------
    at : float64[I], seconds since 1970 UTC. request, user, session : int64[I], a number for each, or NONE.
    impression : int64[R], ascending. product : int64[R]. slot : int64[R], 1 is the first.
    """

    at: Times
    request: Ids
    user: Ids
    session: Ids
    impression: Ids
    product: Ids
    slot: Ids


@dataclass(frozen=True, slots=True, eq=False)
class Happened:
    """What users did, as columns; numbers mean the same as in `Shown`.

    Attributes
    ----------
    at : float64[E]. request, user, session : int64[E], NONE or UNKNOWN where there is none. product : int64[E].
    position : int64[E] or NONE. types : uint8[E], index into `EVENT_TYPES`.
    pieces : float64[E], of a purchase. price : float64[E], of one piece, NaN where it is not known.
    currency : int64[E], a number for each currency, or NONE.
    """

    at: Times
    request: Ids
    user: Ids
    session: Ids
    product: Ids
    position: Ids
    types: Codes
    pieces: Times
    price: Times
    currency: Ids


@dataclass(frozen=True, slots=True, eq=False)
class Credit:
    """row : int64[E], the slot (row of R) each event is credited to, or NONE. outcome : uint8[E], see `Outcome`."""

    row: Ids
    outcome: Codes


def credit(shown: Shown, happened: Happened, window_s: float) -> Credit:
    """Credit every event to one slot at most.

    Parameters
    ----------
    window_s : how long an impression is remembered by events that name no request, in seconds, >= 0.

    Notes
    -----
    O((R + E) log(R + E)): both are sorted together.

    Examples
    --------
    >>> one = np.zeros(1, np.int64)
    >>> shown = Shown(np.array([10.0]), one, one, one - 1, one, one + 7, one + 1)  # product 7 to user 0 in request 0
    >>> click = Happened(np.array([12.0]), one - 1, one, one - 1, one + 7, one - 1, np.ones(1, np.uint8),
    ...                  np.ones(1), np.ones(1), one)
    >>> credit(shown, click, window_s=5).row.tolist(), credit(shown, click, window_s=1).row.tolist()
    ([0], [-1])
    """
    named = happened.request != NONE
    by_request = _by_request(shown, happened, named)
    row, outcome = by_request.row.copy(), by_request.outcome.copy()
    remembered = _last_shown(shown, happened, ~named, window_s)
    row[~named] = remembered[~named]
    outcome[~named] = np.where(remembered[~named] == NONE, Outcome.NOT_SHOWN, Outcome.CREDITED)
    return Credit(row, outcome)


def _by_request(shown: Shown, happened: Happened, named: Flags) -> Credit:
    """The slot with the event's product in the request it names; the one at its position where there are several."""
    count = len(shown.impression)
    products = _pairs(
        np.concatenate([shown.request[shown.impression], happened.request]),
        np.concatenate([shown.product, happened.product]),
    )
    places = _pairs(products, np.concatenate([shown.slot, happened.position]))
    anywhere = _first(products[:count], products[count:])
    there = _first(places[:count], places[count:])
    row = np.where(happened.position == NONE, anywhere, there)
    outcome = np.where(row == NONE, Outcome.WRONG_POSITION, Outcome.CREDITED).astype(np.uint8)
    outcome[anywhere == NONE] = Outcome.NOT_IN_SLATE
    outcome[~np.isin(happened.request, shown.request)] = Outcome.UNKNOWN_REQUEST
    return Credit(np.where(named, row, NONE), outcome)


def _first(keys: Ids, wanted: Ids) -> Ids:
    """The first place of each wanted key, or NONE."""
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys, wanted, sorter=order)
    found = np.append(order, NONE)[place]
    return np.where(np.append(keys, NONE)[found] == wanted, found, NONE) if len(keys) else np.full(len(wanted), NONE)


def _last_shown(shown: Shown, happened: Happened, asked: Flags, window_s: float) -> Ids:
    """The last slot with the product before each asked event, to the same user or in the same session: int64[E]."""
    by_user = _last_of(shown, happened, shown.user, happened.user, asked)
    by_session = _last_of(shown, happened, shown.session, happened.session, asked)
    at = np.append(shown.at[shown.impression], -np.inf)  # NONE looks at the end
    last = np.where(at[by_session] > at[by_user], by_session, by_user)
    return np.where(happened.at - at[last] <= window_s, last, NONE)


def _last_of(shown: Shown, happened: Happened, shown_to: Ids, done_by: Ids, asked: Flags) -> Ids:
    rows, events = np.flatnonzero(shown_to[shown.impression] >= 0), np.flatnonzero(asked & (done_by >= 0))
    people = np.concatenate([shown_to[shown.impression[rows]], done_by[events]])
    keys = _pairs(people, np.concatenate([shown.product[rows], happened.product[events]]))
    at = np.concatenate([shown.at[shown.impression[rows]], happened.at[events]])
    is_event = np.arange(len(keys)) >= len(rows)
    order = np.lexsort((is_event, at, keys))  # at the same moment, showing comes first
    # the place of the newest slot so far; another person or product in between begins anew
    newest = np.maximum.accumulate(np.where(is_event[order], -1, np.arange(len(order))))
    is_same = (newest >= 0) & (keys[order][newest] == keys[order])
    found = np.full(len(happened.at), NONE)
    for_events = is_event[order] & is_same
    found[events[order[for_events] - len(rows)]] = rows[order[newest[for_events]]]
    return found


def _pairs(one: Ids, other: Ids) -> Ids:
    """A number for each distinct pair."""
    _, codes = np.unique(other, return_inverse=True)
    return np.asarray(one * (codes.max(initial=0) + 1) + codes, np.int64)
