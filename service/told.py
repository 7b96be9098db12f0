"""What a request tells of its visitor, beside what is stored: as if it had just happened, for this answer only."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

import numpy as np
from sqlmodel import Session

from service.core.behaviour import TYPE_CODES, History
from service.core.told import Told
from service.core.types import EventType
from service.store.catalog import product_ids
from service.store.categories import categories_named


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What was told, in the shop's own terms.

    Attributes
    ----------
    history : the stored one with what was told in front. categories : paths that are looked at now, newest first.
    unknown : products and categories that the shop does not have.
    """

    history: History
    categories: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def hear(session: Session, tenant: str, told: Told, known: History, now: float) -> Heard:
    """Lay what was told over what is known.

    What is stored already, because it was also sent as an event, counts once, at the time of the event. Which of what
    was looked at and what was bought came first is not known: the newest of both stand side by side.

    Parameters
    ----------
    now : seconds since 1970, UTC.
    """
    if not told:
        return Heard(known)
    ids = product_ids(session, tenant, {*told.viewed, *told.bought})
    paths = categories_named(session, tenant, told.categories)
    asked = (*told.viewed, *told.bought, *told.categories)
    unknown = tuple(dict.fromkeys(name for name in asked if name not in ids and name not in paths))
    stored = set(zip(known.products.tolist(), known.types.tolist(), strict=True))
    new = [(ids[name], code) for name, code in _newest_first(told) if name in ids and (ids[name], code) not in stored]
    categories = tuple(dict.fromkeys(path for name in told.categories for path in paths.get(name, ())))
    return Heard(_in_front(new, known, now) if new else known, categories, unknown)


def _newest_first(told: Told) -> Iterator[tuple[str, int]]:
    viewed = ((name, TYPE_CODES[EventType.VIEW]) for name in told.viewed)
    bought = ((name, TYPE_CODES[EventType.PURCHASE]) for name in told.bought)
    yield from (each for each in chain.from_iterable(zip_longest(viewed, bought)) if each is not None)


def _in_front(new: list[tuple[int, int]], known: History, now: float) -> History:
    products, types = zip(*new, strict=True)
    return replace(
        known,
        products=np.concatenate([np.array(products, np.int64), known.products]),
        types=np.concatenate([np.array(types, np.uint8), known.types]),
        at=np.concatenate([np.full(len(new), now), known.at]),
        values=np.concatenate([np.full(len(new), np.nan, np.float32), known.values]),
        newest=now,
    )
