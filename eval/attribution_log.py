"""Impressions and interactions from the database, as columns for `eval.attribution`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Select, select

from eval.attribution import NONE, UNKNOWN, Credit, Happened, Shown, credit
from service.core.behaviour import TYPE_CODES
from service.core.impression import Impression
from service.core.types import EventType, Ids
from service.store.column_types import epoch_s
from service.store.database import Database
from service.store.impressions import read_impressions
from service.store.tables import INTERACTION, PRODUCT, USERS

REWARDING = (EventType.CLICK, EventType.CART, EventType.PURCHASE)
"""Events that speak for what was shown."""

_PIECE = 20_000
_I = INTERACTION.c


@dataclass(frozen=True, slots=True, eq=False)
class Slates:
    """What is known of each impression, int64[I], as numbers of the names beside it.

    Attributes
    ----------
    surface, shelf, arms : int64[I], index into `surfaces`, `shelves` and `all_arms`; shelf may be NONE.
    visitor : int64[I], the same for the same user, or session of nobody known; slates of nobody at all are visitors of
        their own.
    """

    surface: Ids
    surfaces: tuple[str, ...]
    shelf: Ids
    shelves: tuple[str, ...]
    arms: Ids
    all_arms: tuple[Mapping[str, str], ...]
    visitor: Ids


@dataclass(frozen=True, slots=True, eq=False)
class Credited:
    """A period of the log with its events credited; `currencies` names the numbers of `happened.currency`."""

    shown: Shown
    slates: Slates
    happened: Happened
    credit: Credit
    currencies: tuple[str, ...]


@dataclass(slots=True)
class _Numbers:
    """A number for every name, in the order they come."""

    of: dict[Any, int] = field(default_factory=dict)

    def number(self, name: Any) -> int:
        """A new name gets the next number."""
        return NONE if name is None else self.of.setdefault(name, len(self.of))

    def known(self, name: Any) -> int:
        """A name that nobody has is UNKNOWN."""
        return NONE if name is None else self.of.get(name, UNKNOWN)


@dataclass(slots=True)
class _Names:
    request: _Numbers = field(default_factory=_Numbers)
    user: _Numbers = field(default_factory=_Numbers)
    session: _Numbers = field(default_factory=_Numbers)


def read_credited(
    database: Database,
    tenant: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    window: timedelta = timedelta(hours=24),
    impressions: Iterable[Impression] | None = None,
) -> Credited:
    """The impressions of [since, until) and what came of them, up to a window after the end.

    Parameters
    ----------
    impressions : those of the period, oldest first, for a caller who wants to look at them on their way.

    Notes
    -----
    Streams both tables; what stays are 24 bytes a slot and 80 an event. Prices are those of today: no others are kept.
    """
    names = _Names()
    if impressions is None:
        impressions = read_impressions(database, tenant, since=since, until=until)
    shown, slates = _read_shown(impressions, names)
    end = None if until is None else until + window
    happened, currencies = _read_happened(_events(database, tenant, since, end), names)
    return Credited(shown, slates, happened, credit(shown, happened, window.total_seconds()), currencies)


def _read_shown(impressions: Iterable[Impression], names: _Names) -> tuple[Shown, Slates]:
    columns: list[tuple[float, int, int, int, int, int, int, int]] = []
    pieces: list[Ids] = []
    lengths: list[int] = []
    surfaces, shelves, arms, visitors = _Numbers(), _Numbers(), _Numbers(), _Numbers()
    for number, one in enumerate(impressions):
        visitor = ("user", one.user) if one.user else ("session", one.session) if one.session else ("slate", number)
        columns.append((
            one.at.timestamp(), names.request.number(one.request_id), names.user.number(one.user),
            names.session.number(one.session), surfaces.number(one.surface), shelves.number(one.shelf),
            arms.number(tuple(sorted(one.arms.items()))), visitors.number(visitor),
        ))  # fmt: skip
        pieces.append(np.array([item.product_id for item in one.items], np.int64))
        lengths.append(len(one.items))
    at, *numbers = zip(*columns, strict=True) if columns else [()] * 8
    request, user, session, surface, shelf, arm, visitor_of = (np.array(column, np.int64) for column in numbers)
    shown = Shown(
        np.array(at, np.float64),
        request,
        user,
        session,
        np.repeat(np.arange(len(lengths)), lengths),
        np.concatenate(pieces) if pieces else np.empty(0, np.int64),
        np.concatenate([np.arange(1, length + 1) for length in lengths]) if lengths else np.empty(0, np.int64),
    )
    all_arms = tuple(dict(pairs) for pairs in arms.of)
    return shown, Slates(surface, tuple(surfaces.of), shelf, tuple(shelves.of), arm, all_arms, visitor_of)


def _events(
    database: Database, tenant: str, since: datetime | None, until: datetime | None
) -> Iterator[tuple[Any, ...]]:
    query = _query(tenant)
    query = query if since is None else query.where(_I.at >= since)
    query = query if until is None else query.where(_I.at < until)
    streaming = {"stream_results": True, "max_row_buffer": _PIECE}
    with database.session() as session:
        for rows in session.connection().execute(query, execution_options=streaming).partitions(_PIECE):
            yield from (tuple(row) for row in rows)


def _query(tenant: str) -> Select[Any]:
    return (
        select(
            epoch_s(_I.at), _I.request_id, USERS.c.external_id, _I.session, _I.product_id, _I.position, _I.type,
            _I.value, PRODUCT.c.price, PRODUCT.c.currency,
        )
        .outerjoin(USERS, USERS.c.id == _I.user_id)
        .outerjoin(PRODUCT, PRODUCT.c.id == _I.product_id)
        .where(_I.tenant == tenant, _I.type.in_([str(kind) for kind in REWARDING]), _I.product_id.is_not(None))
        .order_by(_I.at, _I.id)
    )  # fmt: skip


def _read_happened(events: Iterable[tuple[Any, ...]], names: _Names) -> tuple[Happened, tuple[str, ...]]:
    currencies = _Numbers()
    rows = [
        (
            at, names.request.known(request), names.user.known(user), names.session.known(session), product,
            NONE if position is None else position, TYPE_CODES[kind], 1.0 if value is None else value,
            np.nan if price is None else price, currencies.number(currency),
        )
        for at, request, user, session, product, position, kind, value, price, currency in events
    ]  # fmt: skip
    columns = zip(*rows, strict=True) if rows else iter([()] * 10)
    kinds = (float, int, int, int, int, int, np.uint8, float, float, int)
    happened = Happened(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))
    return happened, tuple(currencies.of)
