"""What was shown to whom: one row per slate, its slots as columns in JSON."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, or_, select
from sqlmodel import Session

from service.core.draw import Draw
from service.core.impression import Impression
from service.core.types import EventType, RankedItem
from service.store.database import Database
from service.store.erased import among
from service.store.tables import IMPRESSION, INTERACTION
from service.store.upsert import lock_for_writing

_PIECE = 500  # rows at a time: of 5,000 the service kept 20 MB more for ever, and took half as long again (measured)
_DIGITS = 9  # of a score: what a float32 holds, and two more
_I = IMPRESSION.c
_PLEASED = (EventType.CLICK, EventType.CART, EventType.WISHLIST, EventType.PURCHASE)


def write_impressions(session: Session, impressions: Sequence[Impression]) -> None:
    """Keep them, as many as there are in one statement; what was shown to somebody who was erased is let go."""
    if impressions:
        lock_for_writing(session)
    tenants = sorted({impression.tenant for impression in impressions})
    kept = [impression for tenant in tenants for impression in _kept(session, tenant, impressions)]
    if kept:
        session.connection().execute(insert(IMPRESSION), [_to_row(impression) for impression in kept])


def read_impressions(
    database: Database, tenant: str, *, since: datetime | None = None, until: datetime | None = None,
    surface: str | None = None,
) -> Iterator[Impression]:  # fmt: skip
    """Those in [since, until), oldest first; None leaves a side open. Streams: there may be millions."""
    query = select(IMPRESSION).where(_I.tenant == tenant).order_by(_I.at, _I.id)
    query = query if since is None else query.where(_I.at >= since)
    query = query if until is None else query.where(_I.at < until)
    query = query if surface is None else query.where(_I.surface == surface)
    streaming = {"stream_results": True, "max_row_buffer": _PIECE}
    with database.session() as session:
        for rows in session.connection().execute(query, execution_options=streaming).partitions(_PIECE):
            yield from map(_to_impression, rows)


def impressions_of_request(session: Session, tenant: str, request_id: str) -> list[Impression]:
    """The slates of one request, in the order they were made: several where it asked for a page of shelves."""
    query = select(IMPRESSION).where(_I.request_id == request_id, _I.tenant == tenant).order_by(_I.id)
    return [_to_impression(row) for row in session.connection().execute(query).all()]


def recent_feeds(session: Session, tenant: str, *, limit: int, surface: str | None = None) -> list[Impression]:
    """The newest slates that answered a request of their own, newest first; of a page, the feed on it."""
    query = select(IMPRESSION).where(_I.tenant == tenant, or_(_I.shelf.is_(None), _I.shelf == "for_you"))
    query = query if surface is None else query.where(_I.surface == surface)
    rows = session.connection().execute(query.order_by(_I.at.desc(), _I.id.desc()).limit(limit))
    return [_to_impression(row) for row in rows.all()]


def shown_to(
    session: Session, tenant: str, user: str, *, surface: str, since: datetime, limit: int = 50
) -> list[tuple[datetime, list[int]]]:
    """When a user was shown slates of a surface since then, newest first, and their products."""
    query = (
        select(_I.at, _I.slots)
        .where(_I.user == user, _I.at >= since, _I.tenant == tenant, _I.surface == surface)
        .order_by(_I.at.desc())
        .limit(limit)
    )
    return [(row.at, row.slots["products"]) for row in session.connection().execute(query).all()]


def read_slots(database: Database, tenant: str, since: datetime) -> Iterator[tuple[datetime, list[int]]]:
    """When each slate since then was shown, and its products in slot order; nothing else, because there are many."""
    query = select(_I.at, _I.slots).where(_I.tenant == tenant, _I.at >= since)
    streaming = {"stream_results": True, "max_row_buffer": _PIECE}
    with database.session() as session:
        for rows in session.connection().execute(query, execution_options=streaming).partitions(_PIECE):
            for at, slots in rows:
                yield at, slots["products"]


def read_clicks(database: Database, tenant: str, since: datetime) -> Iterator[tuple[datetime, int]]:
    """Events since then that came from a slate and say that it pleased: one per request and product."""
    columns = INTERACTION.c
    query = (
        select(func.min(columns.at).label("at"), columns.product_id)
        .where(
            columns.tenant == tenant,
            columns.at >= since,
            columns.request_id.is_not(None),
            columns.product_id.is_not(None),
            columns.type.in_(_PLEASED),
        )
        .group_by(columns.request_id, columns.product_id)
    )
    with database.session() as session:
        yield from (tuple(row) for row in session.connection().execute(query))


def _kept(session: Session, tenant: str, impressions: Sequence[Impression]) -> list[Impression]:
    """Those of a tenant that may be kept."""
    theirs = [one for one in impressions if one.tenant == tenant]
    gone = among(
        session, tenant, users={one.user for one in theirs if one.user is not None},
        sessions={one.session for one in theirs if one.session is not None},
    )  # fmt: skip
    return [one for one in theirs if gone.takes(one.user, one.session, one.at, one.at)]


def _to_row(impression: Impression) -> dict[str, Any]:
    names = ("request_id", "tenant", "surface", "shelf", "release", "user", "session", "at", "level")
    row = {name: getattr(impression, name) for name in names}
    draw = None if impression.draw is None else _drawn(impression.draw)
    asked = None if impression.asked is None else dict(impression.asked)
    return row | {
        "arms": dict(impression.arms), "slots": _to_slots(impression.items), "draw": draw, "asked": asked
    }  # fmt: skip


def _drawn(draw: Draw) -> dict[str, Any]:
    # `asdict` would copy each of its thousands of numbers by itself
    return {"products": draw.products, "contributions": dict(draw.contributions), "surface": dict(draw.surface)}


def _to_slots(items: Sequence[RankedItem]) -> dict[str, Any]:
    signals = sorted({signal for item in items for signal in item.contributions})
    return {
        "products": [item.product_id for item in items],
        "scores": [_short(item.score) for item in items],
        "propensities": [_short(item.propensity) for item in items],
        "sources": [item.source for item in items],
        "levels": [item.level for item in items],
        "guests": [item.guest for item in items],
        "contributions": {
            signal: [_short(item.contributions.get(signal, 0.0)) for item in items] for signal in signals
        },
    }


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _to_impression(row: Row[Any]) -> Impression:
    slots: Mapping[str, Any] = row.slots
    columns = zip(
        *(slots[name] for name in ("products", "scores", "propensities", "sources", "levels", "guests")), strict=True
    )
    items = tuple(
        RankedItem(
            product,
            place + 1,
            score,
            {name: shares[place] for name, shares in slots["contributions"].items() if shares[place]},
            propensity,
            source,
            level,
            guest,
        )
        for place, (product, score, propensity, source, level, guest) in enumerate(columns)
    )
    return Impression(
        row.request_id, row.tenant, row.surface, row.shelf, row.arms, row.release, row.user, row.session, row.at,
        row.level, items, _to_draw(row.draw), row.asked,
    )  # fmt: skip


def _to_draw(stored: Mapping[str, Any] | None) -> Draw | None:
    if stored is None:
        return None
    contributions = {name: tuple(shares) for name, shares in stored["contributions"].items()}
    return Draw(tuple(stored["products"]), contributions, stored["surface"])
