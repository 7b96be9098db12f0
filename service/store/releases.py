"""Releases: what training made, which one is live, and which one was before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session


class ReleaseStatus(StrEnum):
    """Where a release is in its life: training -> ready or failed; ready -> live -> retired -> live …"""

    TRAINING = "training"
    READY = "ready"
    FAILED = "failed"
    LIVE = "live"
    RETIRED = "retired"


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
    raise NotImplementedError


def mark_ready(
    session: Session, release_id: str, *, manifest: Mapping[str, Any], metrics: Mapping[str, Any]
) -> Release:
    """The release is complete and passed its checks: it may be promoted.

    Raises
    ------
    NotFound : there is no such release. Conflict : it is not in training.
    """
    raise NotImplementedError


def mark_failed(
    session: Session, release_id: str, *, message: str, metrics: Mapping[str, Any] | None = None
) -> Release:
    """The release did not come about, or did not pass its checks.

    Raises
    ------
    NotFound : there is no such release. Conflict : it is neither in training nor ready.
    """
    raise NotImplementedError


def get_release(session: Session, release_id: str) -> Release:
    """The release with this id.

    Raises
    ------
    NotFound : there is none.
    """
    raise NotImplementedError


def live_release(session: Session) -> Release | None:
    """The release that answers requests, if there is one."""
    raise NotImplementedError


def list_releases(session: Session, *, limit: int | None = None) -> list[Release]:
    """Releases, newest first."""
    raise NotImplementedError


def promote(session: Session, release_id: str) -> Release:
    """Make a release live; the one that was is retired. Promoting the live one changes nothing.

    Raises
    ------
    NotFound : there is no such release. Conflict : it is in training or failed.
    """
    raise NotImplementedError


def rollback(session: Session) -> Release:
    """Make the release live that the live one replaced.

    Raises
    ------
    Conflict : none is live, or none was before it, or that one was pruned.
    """
    raise NotImplementedError


def prune(session: Session, *, keep: int) -> list[str]:
    """Releases that can be deleted: all but the newest `keep` usable ones and the newest `keep` failed ones.

    Never those in training, the live one and the one it replaced. Delete their collections first, then
    `forget_releases`: what is interrupted in between is found again.

    Returns
    -------
    list : ids, oldest first.
    """
    raise NotImplementedError


def forget_releases(session: Session, release_ids: Sequence[str]) -> None:
    """Delete the rows of releases; the live one stays."""
    raise NotImplementedError
