"""Publish a trained release: write its collections, check them, make it live. Needs the vector store."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import structlog

from config.training import Checks
from indexer.release.artifacts import Artifacts, load_artifacts, remove_artifacts
from indexer.release.checks import array_problems, store_problems
from indexer.release.newcomers import Newcomers
from indexer.release.payloads import catch_up, read_payloads
from indexer.release.points import product_points, user_points
from indexer.release.quality import FUSED, compare, tail_ranks
from service.core.errors import NotFound
from service.core.fields import FieldKind
from service.store.database import Database
from service.store.releases import (
    Release,
    ReleaseStatus,
    get_release,
    live_release,
    mark_failed,
    mark_ready,
    promote,
)
from service.store.snapshots import popular_name, put_snapshot
from service.store.spaces import behaviour_name, behaviour_space, users_name, users_space
from service.store.vectors import VectorStore

log = structlog.get_logger()

_CHUNK = 128  # one write of the embedded engine


class Stopped(Exception):
    """The process is ending; the release will be published by the next one."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """What publishing needs.

    Parameters
    ----------
    folder : where releases are kept. fields : payload fields to be indexed.
    """

    database: Database
    store: VectorStore
    folder: Path
    fields: Mapping[str, FieldKind]
    checks: Checks


def publish_release(
    publisher: Publisher,
    release_id: str,
    *,
    go_live: bool = True,
    stop: Event | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Release:
    """Write, check and, with `go_live`, promote a release; one that fails a check leaves everything as it was.

    Parameters
    ----------
    stop : set it to give up. on_progress : called with the number of points just written.

    Returns
    -------
    Release : live, ready, or failed with the reason as its message.

    Raises
    ------
    Stopped : `stop` was set; nothing is lost.
    DependencyUnavailable : the database or Qdrant does not answer; the release failed.
    """
    started, written = datetime.now(UTC), 0
    try:
        artifacts = load_artifacts(publisher.folder, release_id)
        problems = list(array_problems(artifacts))
        if not problems:
            written = _write(publisher, artifacts, stop or Event(), on_progress)
            seed = int(artifacts.manifest["seed"])
            problems = list(store_problems(publisher.store, artifacts, written, publisher.checks, seed))
        metrics, worse = _beside_live(publisher, artifacts) if not problems else (dict(artifacts.metrics), [])
        problems += worse
    except NotFound as error:
        return _fail(publisher, release_id, error.message, {})
    except Stopped:
        raise
    except Exception as error:
        if stop is not None and stop.is_set():
            raise Stopped from error  # the store was closed under our hands
        _fail(publisher, release_id, str(error) or type(error).__name__, {})
        raise
    if problems:
        return _fail(publisher, release_id, "; ".join(problems), metrics)
    with publisher.database.session() as session:
        release = mark_ready(session, release_id, manifest=artifacts.manifest, metrics=metrics)
        if artifacts.popular is not None:
            name, popular = popular_name(str(artifacts.manifest["tenant"])), artifacts.popular
            put_snapshot(session, name, popular.lists, now=popular.made_at, unless_newer=True)
        if go_live:
            release = promote(session, release_id)
    Newcomers(publisher.database, publisher.store, publisher.folder).fill(release_id)
    catch_up(publisher.database, publisher.store, release_id, since=started)  # after it: what is gone must go again
    log.info(
        "release_published", release=release_id, status=str(release.status), products=written, metrics=metrics,
        seconds=round((datetime.now(UTC) - started).total_seconds(), 3),
    )  # fmt: skip
    return release


def rewrite_release(publisher: Publisher, release_id: str, on_progress: Callable[[int], None] = lambda _: None) -> int:
    """Write the collections of a release anew from its files, as where vectors were lost; its row stays as it is.

    Returns
    -------
    int : products written.

    Raises
    ------
    NotFound : its files are not here, or damaged.
    """
    written = _write(publisher, load_artifacts(publisher.folder, release_id), Event(), on_progress)
    Newcomers(publisher.database, publisher.store, publisher.folder).fill(release_id)
    return written


def drop_collections(store: VectorStore, release_id: str) -> None:
    """Remove the collections of a release; missing ones are fine."""
    for name in (behaviour_name(release_id), users_name(release_id)):
        store.drop(name)


def _write(publisher: Publisher, artifacts: Artifacts, stop: Event, on_progress: Callable[[int], None]) -> int:
    """Write both collections; returns the number of products written."""
    store, size = publisher.store, artifacts.model.items.shape[1]
    tenant = str(artifacts.manifest["tenant"])
    drop_collections(store, artifacts.id)
    store.create(behaviour_space(artifacts.id, size, publisher.fields))
    store.create(users_space(artifacts.id, size))
    products = artifacts.model.products
    written = 0
    for start in range(0, len(products), _CHUNK):
        if stop.is_set():
            raise Stopped
        places = range(start, min(start + _CHUNK, len(products)))
        payloads = read_payloads(publisher.database, products[places.start : places.stop].tolist())
        points = product_points(artifacts, places, payloads)
        store.upsert(behaviour_name(artifacts.id), points)
        written += len(points)
        on_progress(len(places))
    for start in range(0, len(artifacts.users), _CHUNK):
        if stop.is_set():
            raise Stopped
        users = user_points(artifacts, start, start + _CHUNK, tenant)
        store.upsert(users_name(artifacts.id), users)
        on_progress(len(users))
    for name in (behaviour_name(artifacts.id), users_name(artifacts.id)):
        store.optimize(name)
    return written


def _beside_live(publisher: Publisher, artifacts: Artifacts) -> tuple[dict[str, Any], list[str]]:
    """The metrics with how the live release does on the same users, and whether that speaks against the new one."""
    metrics = dict(artifacts.metrics)
    with publisher.database.session() as session:
        live = live_release(session)
    if live is None:
        return metrics, []
    try:
        other = load_artifacts(publisher.folder, live.id).model
    except NotFound as error:
        return metrics | {"compared": {"release": live.id, "skipped": error.message}}, []
    tail = artifacts.tail
    result = compare(tail_ranks(artifacts.model, tail)[FUSED], tail_ranks(other, tail)[FUSED], publisher.checks)
    metrics["compared"] = {"release": live.id, **asdict(result)}
    if not result.is_worse:
        return metrics, []
    return metrics, [
        f"it places what users did next worse than the live release {live.id} does: NDCG@10 {result.ndcg} against "
        f"{result.live_ndcg} for the same {result.users} users (training.checks.tolerance is "
        f"{publisher.checks.tolerance})"
    ]


def _fail(publisher: Publisher, release_id: str, reason: str, metrics: Mapping[str, Any]) -> Release:
    """Take everything back; the row first, so that being killed in between leaves only what is swept up."""
    with publisher.database.session() as session:
        release = get_release(session, release_id)
        if release.status in (ReleaseStatus.TRAINING, ReleaseStatus.READY):
            release = mark_failed(session, release_id, message=reason, metrics=metrics)
    drop_collections(publisher.store, release_id)
    remove_artifacts(publisher.folder, release_id)
    log.warning("release_refused", release=release_id, reason=reason, metrics=dict(metrics))
    return release
