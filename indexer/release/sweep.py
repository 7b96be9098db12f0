"""Remove what is left of releases that failed, were forgotten, or whose makers were killed."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from indexer.release.artifacts import remove_artifacts, remove_unfinished, stored_releases
from service.store.database import Database
from service.store.erasures import overdue_releases
from service.store.releases import (
    Release,
    ReleaseStatus,
    forget_releases,
    get_release,
    list_releases,
    mark_failed,
    prune,
)
from service.store.spaces import release_of
from service.store.vectors import VectorStore

_LONGEST_TRAINING = timedelta(days=1)  # on another machine, of which nothing is known here


def fail_abandoned(database: Database, folder: Path) -> list[str]:
    """Mark releases as failed whose training ended before they were written; call it holding `only_trainer`.

    Returns
    -------
    list : their ids.
    """
    remove_unfinished(folder)
    complete = set(stored_releases(folder))
    with database.session() as session:
        abandoned = [
            release.id
            for release in list_releases(session)
            if release.status is ReleaseStatus.TRAINING and release.id not in complete and _is_over(release)
        ]
        for release_id in abandoned:
            mark_failed(session, release_id, message="the process that trained it ended before it was done")
    return abandoned


def waiting_releases(database: Database, folder: Path) -> list[str]:
    """Releases that are trained but not published, oldest first."""
    complete = set(stored_releases(folder))
    with database.session() as session:
        releases = list_releases(session)
    return [r.id for r in reversed(releases) if r.status is ReleaseStatus.TRAINING and r.id in complete]


def sweep(database: Database, store: VectorStore, folder: Path) -> list[str]:
    """Drop the collections and files of releases that are failed or unknown.

    Returns
    -------
    list : their ids.
    """
    # what exists is listed before the rows are: a release has its row before it has anything else
    collections = {name: release for name in store.names() if (release := release_of(name)) is not None}
    files = stored_releases(folder)
    with database.session() as session:
        kept = {r.id for r in list_releases(session) if r.status is not ReleaseStatus.FAILED}
    for name, release_id in collections.items():
        if release_id not in kept:
            store.drop(name)
    for release_id in files:
        if release_id not in kept:
            remove_artifacts(folder, release_id)
    return sorted({*collections.values(), *files} - kept)


def wants_promotion(database: Database, release_id: str) -> bool:
    """Whether whoever trained a release wants it to go live."""
    with database.session() as session:
        return bool(get_release(session, release_id).manifest.get("go_live", True))


def supersede(database: Database, release_ids: list[str]) -> None:
    """Give up releases that wait to be published, for a newer one does too."""
    with database.session() as session:
        for release_id in release_ids:
            if get_release(session, release_id).status is ReleaseStatus.TRAINING:
                mark_failed(session, release_id, message="a newer release was trained before it was published")


def forget_old(database: Database, keep: int) -> list[str]:
    """Forget all but the newest releases, and those that an erasure with a training has ended.

    `sweep` removes what is left of them.

    Returns
    -------
    list : their ids, oldest first.
    """
    with database.session() as session:
        gone = prune(session, keep=keep)
        gone += [release for release in overdue_releases(session, datetime.now(UTC)) if release not in gone]
        forget_releases(session, gone)
    return gone


def _is_over(release: Release) -> bool:
    return release.manifest.get("host") == socket.gethostname() or (
        datetime.now(UTC) - release.created_at > _LONGEST_TRAINING
    )
