"""Releases: what training made, which one is live, and which one was before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from service.core.errors import Conflict, NotFound
from service.store.product_rows import is_storable
from service.store.sql_values import one_of
from service.store.table_lock import lock_table
from service.store.tables import RELEASE


class ReleaseStatus(StrEnum):
    """Where a release is in its life: training -> ready or failed; ready -> live -> retired -> live …"""

    TRAINING = "training"
    READY = "ready"
    FAILED = "failed"
    LIVE = "live"
    RETIRED = "retired"


_USABLE = (ReleaseStatus.READY, ReleaseStatus.LIVE, ReleaseStatus.RETIRED)


@dataclass(frozen=True, slots=True)
class Release:
    """One training run's result.

    Attributes
    ----------
    promoted_at : when it last became live. replaced : id of the release that was live before it.
    message : why it failed.
    manifest : parameters, seed, data hash, counts. metrics : what it reached on held-out interactions.
    """

    id: str
    status: ReleaseStatus
    created_at: datetime
    promoted_at: datetime | None
    replaced: str | None
    message: str | None
    manifest: Mapping[str, Any]
    metrics: Mapping[str, Any]


def create_release(session: Session, release_id: str, *, manifest: Mapping[str, Any], now: datetime) -> Release:
    """Begin a release: its status is ``training``.

    Raises
    ------
    Conflict : there is one with this id.
    """
    _lock(session)
    if _find(session, release_id) is not None:
        raise Conflict(f"there is a release with id {release_id!r} already", code="release_exists")
    values = {"id": release_id, "status": ReleaseStatus.TRAINING, "created_at": now, "manifest": dict(manifest)}
    session.connection().execute(insert(RELEASE).values(**values, metrics={}))
    return get_release(session, release_id)


def mark_ready(
    session: Session, release_id: str, *, manifest: Mapping[str, Any], metrics: Mapping[str, Any]
) -> Release:
    """The release is complete and passed its checks: it may be promoted.

    Raises
    ------
    NotFound : there is no such release. Conflict : it is not in training.
    """
    _lock(session)
    _expect(get_release(session, release_id), "made ready", ReleaseStatus.TRAINING)
    return _change(session, release_id, status=ReleaseStatus.READY, manifest=dict(manifest), metrics=dict(metrics))


def mark_failed(
    session: Session, release_id: str, *, message: str, metrics: Mapping[str, Any] | None = None
) -> Release:
    """The release did not come about, or did not pass its checks.

    Raises
    ------
    NotFound : there is no such release. Conflict : it is neither in training nor ready.
    """
    _lock(session)
    _expect(get_release(session, release_id), "marked failed", ReleaseStatus.TRAINING, ReleaseStatus.READY)
    told = {} if metrics is None else {"metrics": dict(metrics)}
    return _change(session, release_id, status=ReleaseStatus.FAILED, message=message, **told)


def get_release(session: Session, release_id: str) -> Release:
    """The release with this id.

    Raises
    ------
    NotFound : there is none.
    """
    release = _find(session, release_id) if is_storable(release_id) else None
    if release is None:
        raise NotFound(
            f"there is no release with id {release_id[:200]!r}; `vitrine releases` lists them", code="release_not_found"
        )
    return release


def live_release(session: Session) -> Release | None:
    """The release that answers requests, if there is one."""
    row = session.connection().execute(select(RELEASE).where(RELEASE.c.status == ReleaseStatus.LIVE)).first()
    return None if row is None else _release(row)


def list_releases(session: Session, *, limit: int | None = None) -> list[Release]:
    """Releases, newest first."""
    query = select(RELEASE).order_by(RELEASE.c.created_at.desc(), RELEASE.c.id.desc()).limit(limit)
    return [_release(row) for row in session.connection().execute(query)]


def promote(session: Session, release_id: str) -> Release:
    """Make a release live; the one that was is retired. Promoting the live one changes nothing.

    Raises
    ------
    NotFound : there is no such release. Conflict : it is in training or failed.
    """
    _lock(session)
    release = get_release(session, release_id)
    if release.status is ReleaseStatus.LIVE:
        return release
    _expect(release, "promoted", ReleaseStatus.READY, ReleaseStatus.RETIRED)
    live = live_release(session)
    return _switch(session, live, release_id, replaced=live.id if live else None)


def rollback(session: Session) -> Release:
    """Make the release live that the live one replaced.

    Raises
    ------
    Conflict : none is live, or none was before it, or that one was pruned.
    """
    _lock(session)
    live = live_release(session)
    if live is None:
        raise Conflict("no release is live; promote one", code="no_live_release")
    previous = _find(session, live.replaced) if live.replaced is not None else None
    if previous is None:
        reason = "replaced none" if live.replaced is None else f"replaced {live.replaced}, which is gone"
        raise Conflict(f"the live release {live.id} {reason}; promote another one", code="no_previous_release")
    return _switch(session, live, previous.id, replaced=previous.replaced)


def prune(session: Session, *, keep: int) -> list[str]:
    """Releases that can be deleted: all but the newest `keep` usable ones and the newest `keep` failed ones.

    Never those in training, the live one and the one it replaced. Delete their collections first, then
    `forget_releases`: what is interrupted in between is found again.

    Returns
    -------
    list : ids, oldest first.
    """
    releases = list_releases(session)
    retired = [release for release in releases if release.status is ReleaseStatus.RETIRED and release.promoted_at]
    # after a rollback the release that was left is not the one the live one replaced: requests may still be on it
    kept = {max(retired, key=lambda release: (release.promoted_at, release.id)).id} if retired else set()
    for live in releases:
        if live.status is ReleaseStatus.LIVE:
            kept |= {live.id, live.replaced or live.id}
    failed = [release.id for release in releases if release.status is ReleaseStatus.FAILED]
    usable = [release.id for release in releases if release.status in _USABLE]
    old = {*failed[keep:], *usable[keep:]} - kept
    return [release.id for release in reversed(releases) if release.id in old]


def forget_releases(session: Session, release_ids: Sequence[str]) -> None:
    """Delete the rows of releases; the live one stays."""
    _lock(session)
    is_spared = RELEASE.c.status == ReleaseStatus.LIVE
    session.connection().execute(delete(RELEASE).where(one_of(RELEASE.c.id, release_ids), ~is_spared))


def _lock(session: Session) -> None:
    lock_table(session, RELEASE)


def _find(session: Session, release_id: str) -> Release | None:
    row = session.connection().execute(select(RELEASE).where(RELEASE.c.id == release_id)).first()
    return None if row is None else _release(row)


def _release(row: Any) -> Release:
    fields = dict(row._mapping)
    return Release(**fields | {"status": ReleaseStatus(fields["status"])})


def _expect(release: Release, done: str, *allowed: ReleaseStatus) -> None:
    if release.status not in allowed:
        why = f" ({release.message})" if release.message else ""
        raise Conflict(
            f"release {release.id} cannot be {done}: it is {release.status}{why}; it must be {' or '.join(allowed)}",
            code="wrong_release_status",
        )


def _change(session: Session, release_id: str, **values: Any) -> Release:
    session.connection().execute(update(RELEASE).where(RELEASE.c.id == release_id).values(**values))
    return get_release(session, release_id)


def _switch(session: Session, live: Release | None, release_id: str, *, replaced: str | None) -> Release:
    if live is not None:
        _change(session, live.id, status=ReleaseStatus.RETIRED)
    promoted_at = datetime.now(UTC)
    return _change(session, release_id, status=ReleaseStatus.LIVE, promoted_at=promoted_at, replaced=replaced)
