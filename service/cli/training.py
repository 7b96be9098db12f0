"""What the commands about releases do: train beside a running service or alone, check, prune."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from service.cli.console import Context

if TYPE_CHECKING:
    from config.settings import Settings
    from indexer.release.publish import Publisher
    from service.store.database import Database
    from service.store.releases import Release
    from service.store.vectors import VectorStore

_PATIENCE_S = 600.0
_POLL_S = 0.2


def train_release(ctx: Context, *, seed: int | None, go_live: bool, wait: bool) -> "Release":
    """Train a release, and publish it or leave that to the service that owns the vectors.

    Where the configuration reads a shop's own database, and one is named, what is new there is taken over first.

    Raises
    ------
    InvalidQuery : there is too little to train on. Conflict : somebody trains already.
    DependencyUnavailable : the shop's own database does not answer.
    """
    from config.params import load_params
    from indexer.release.build import build_release
    from indexer.release.lock import only_trainer
    from indexer.release.sweep import fail_abandoned
    from service.cli.source import read_source
    from service.runtime import open_database_only
    from service.store.releases import get_release

    settings = ctx.settings()
    params = load_params(*settings.overlays)
    with open_database_only(settings) as database, only_trainer(settings.releases_dir):
        fail_abandoned(database, settings.releases_dir)
        if params.source.enabled and settings.source_url is not None:
            with ctx.working("Reading the shop's database"):
                read_source(settings, params, database)
        with ctx.working("Training"):
            release_id = build_release(database, params, settings.releases_dir, seed=seed, go_live=go_live)
        with own_vectors(settings) as store:
            if store is not None:
                return _publish(ctx, settings, database, store, release_id)
        if wait:
            return _published_by_service(ctx, database, release_id)
        with database.session() as session:
            return get_release(session, release_id)


def check_release(settings: "Settings", database: "Database", release_id: str) -> None:
    """Refuse a release whose collections are not there or do not fit, where that can be known.

    Raises
    ------
    NotFound, IndexNotReady, InvalidQuery : it cannot answer.
    """
    from service.served_release import check_served, served_release
    from service.store.releases import ReleaseStatus, get_release

    with database.session() as session:
        release = get_release(session, release_id)
    if release.status not in (ReleaseStatus.READY, ReleaseStatus.RETIRED):
        return  # promoting it says why not
    served = served_release(release.id, release.manifest)
    with own_vectors(settings) as store:
        if store is not None:
            check_served(store, served)


def prune_releases(settings: "Settings", keep: int | None) -> list[str]:
    """Forget old releases and remove what is left of them; a running service does the latter within a minute."""
    from config.params import load_params
    from indexer.release.sweep import forget_old, sweep
    from service.runtime import open_database_only

    keep = load_params(*settings.overlays).releases.keep if keep is None else keep
    with open_database_only(settings) as database:
        gone = forget_old(database, keep)
        with own_vectors(settings) as store:
            if store is not None:
                sweep(database, store, settings.releases_dir)
    return gone


def _publish(
    ctx: Context, settings: "Settings", database: "Database", store: "VectorStore", release_id: str
) -> "Release":
    from config.params import load_params
    from indexer.release.publish import publish_release
    from indexer.release.sweep import forget_old, supersede, sweep, waiting_releases, wants_promotion

    publisher = _publisher(settings, database, store)
    supersede(database, [other for other in waiting_releases(database, settings.releases_dir) if other != release_id])
    with ctx.progress("Publishing", None, "points") as advance:
        release = publish_release(
            publisher, release_id, go_live=wants_promotion(database, release_id), on_progress=advance
        )
    forget_old(database, load_params(*settings.overlays).releases.keep)
    sweep(database, store, settings.releases_dir)
    return release


def _publisher(settings: "Settings", database: "Database", store: "VectorStore") -> "Publisher":
    from config.params import load_params
    from indexer.release.publish import Publisher
    from service.core.fields import with_attributes

    params = load_params(*settings.overlays)
    fields = with_attributes(params.catalogue.filterable_attributes)
    return Publisher(database, store, settings.releases_dir, fields, params.training.checks)


@contextmanager
def own_vectors(settings: "Settings") -> "Iterator[VectorStore | None]":
    """The vector store; None where a running service has the embedded one for itself."""
    from service.core.errors import ConfigurationError
    from service.runtime import open_vectors_only

    opened = open_vectors_only(settings)
    try:
        store = opened.__enter__()
    except ConfigurationError:
        if settings.qdrant_url is not None:
            raise
        yield None
        return
    try:
        yield store
    finally:
        opened.__exit__(None, None, None)


def _published_by_service(ctx: Context, database: "Database", release_id: str) -> "Release":
    from service.core.errors import DependencyUnavailable
    from service.store.releases import ReleaseStatus, get_release

    end = time.monotonic() + _PATIENCE_S
    with ctx.working("Waiting for the running service to publish it"):
        while time.monotonic() < end:
            with database.session() as session:
                release = get_release(session, release_id)
            if release.status is not ReleaseStatus.TRAINING:
                return release
            time.sleep(_POLL_S)
    raise DependencyUnavailable(
        f"release {release_id} is trained, but the process that has the vectors open did not publish it within "
        f"{_PATIENCE_S:.0f} s; it will be published when `vitrine serve` runs"
    )
