"""Receipts of erasures: what was erased where and when, and which releases still know the person."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, insert, select, update
from sqlmodel import Session

from service.core.errors import NotFound
from service.core.types import DEFAULT_TENANT
from service.store.product_rows import is_storable
from service.store.releases import ReleaseStatus
from service.store.tables import ERASURE, RELEASE
from service.store.upsert import lock_for_writing

_E = ERASURE.c


@dataclass(frozen=True, slots=True)
class Erasure:
    """A stored receipt, see `tables.ErasureRow`."""

    id: str
    tenant: str
    subject: str
    user_key: int | None
    begun_at: datetime
    done_at: datetime | None
    retrain: bool
    counts: Mapping[str, int]
    model_ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Membership:
    """A release that was trained while the person was known.

    Attributes
    ----------
    until : when it will be gone if nothing is done; None where that waits for a training.
    """

    release: str
    status: str
    until: datetime | None


def new_erasure(session: Session, tenant: str, subject: str, user_key: int | None, now: datetime) -> str:
    """Begin a receipt, or go on with that of an erasure of the same person that was interrupted; returns its id."""
    begun = select(_E.id).where(_E.tenant == tenant, _E.subject == subject, _E.done_at.is_(None))
    found: str | None = session.connection().execute(begun).scalar()
    if found is not None:
        return found
    receipt = f"er-{secrets.token_hex(16)}"
    row: dict[str, Any] = {
        "id": receipt, "tenant": tenant, "subject": subject, "user_key": user_key, "begun_at": now, "done_at": None,
        "retrain": False, "counts": {}, "model_ended_at": None,
    }  # fmt: skip
    session.connection().execute(insert(ERASURE).values(row))
    return receipt


def get_erasure(session: Session, tenant: str | None, receipt: str) -> Erasure:
    """The receipt with this id.

    Parameters
    ----------
    tenant : None for whichever it is of.

    Raises
    ------
    NotFound : there is none.
    """
    is_it = [_E.id == receipt, *([] if tenant is None else [_E.tenant == tenant])]
    row = session.connection().execute(select(ERASURE).where(*is_it)).first() if is_storable(receipt) else None
    if row is None:
        raise NotFound(f"there is no receipt with id {receipt[:100]!r}", code="receipt_not_found")
    return Erasure(**row._mapping)


def open_erasures(session: Session) -> list[Erasure]:
    """Those that were interrupted, or whose person a release may still know; oldest first."""
    query = select(ERASURE).where(_E.model_ended_at.is_(None)).order_by(_E.begun_at, _E.id)
    return [Erasure(**row._mapping) for row in session.connection().execute(query)]


def change_erasure(session: Session, receipt: str, **values: Any) -> None:
    """Write columns of a receipt."""
    session.connection().execute(update(ERASURE).where(_E.id == receipt).values(**values))


def add_counts(session: Session, receipt: str, counts: Mapping[str, int]) -> None:
    """Add to what was erased; committed with it, so that an interruption counts nothing twice."""
    lock_for_writing(session)
    stored = session.connection().execute(select(_E.counts).where(_E.id == receipt).with_for_update()).scalar()
    known: dict[str, int] = dict(stored or {})
    names = sorted({*known, *counts})
    change_erasure(session, receipt, counts={name: known.get(name, 0) + counts.get(name, 0) for name in names})


def memberships(session: Session, erasure: Erasure, rollback_days: float) -> list[Membership]:
    """Releases from before the erasure that are still there, newest first."""
    if erasure.model_ended_at is not None or erasure.done_at is None:
        return []
    until = erasure.done_at + timedelta(days=0 if erasure.retrain else rollback_days)
    knows = (trained_before(erasure.done_at), trained_for(erasure.tenant))
    query = select(RELEASE.c.id, RELEASE.c.status).where(*knows).order_by(
        RELEASE.c.created_at.desc(), RELEASE.c.id.desc()
    )  # fmt: skip
    rows: Sequence[Any] = session.connection().execute(query).all()
    return [Membership(row.id, row.status, None if row.status == ReleaseStatus.LIVE else until) for row in rows]


def wants_training(session: Session, since: datetime) -> bool:
    """Whether a release of that moment is too old, because somebody was erased later who asked for a training."""
    asked = exists().where(
        _E.retrain,
        _E.done_at >= since,
        _E.model_ended_at.is_(None),
        _E.tenant == DEFAULT_TENANT,  # whom it is made for
    )
    return bool(session.connection().execute(select(asked)).scalar())


def overdue_releases(session: Session, now: datetime, rollback_days: float | None = None) -> list[str]:
    """Releases that are kept for a rollback only, and know somebody who was erased for too long.

    Parameters
    ----------
    rollback_days : how long that may be; None looks only at erasures that asked for a training, once it is live.
    """
    live = session.connection().execute(
        select(RELEASE.c.created_at).where(RELEASE.c.status == ReleaseStatus.LIVE)
    ).scalar()  # fmt: skip
    moments: dict[str, datetime] = {}
    for erasure in open_erasures(session):
        if erasure.done_at is None:
            continue
        is_forced = erasure.retrain and live is not None and live > erasure.done_at
        is_late = rollback_days is not None and now >= erasure.done_at + timedelta(days=rollback_days)
        if is_forced or is_late:
            moments[erasure.tenant] = max(erasure.done_at, moments.get(erasure.tenant, erasure.done_at))
    kept = (ReleaseStatus.LIVE, ReleaseStatus.TRAINING)
    found: list[str] = []
    for tenant, moment in moments.items():
        query = select(RELEASE.c.id).where(trained_before(moment), trained_for(tenant), RELEASE.c.status.not_in(kept))
        found += session.connection().execute(query.order_by(RELEASE.c.created_at, RELEASE.c.id)).scalars()
    return found


def trained_before(moment: datetime) -> ColumnElement[bool]:
    """Releases that were begun until then and did not fail."""
    return (RELEASE.c.created_at <= moment) & (RELEASE.c.status != ReleaseStatus.FAILED)


def trained_for(tenant: str) -> ColumnElement[bool]:
    """Releases that learned from a tenant's people; others know nobody of it."""
    return func.coalesce(RELEASE.c.manifest["tenant"].as_string(), DEFAULT_TENANT) == tenant
