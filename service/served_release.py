"""Which release answers requests: read from SQL now and then, kept for all requests in between."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import structlog
from sqlalchemy import select

from service.core.errors import IndexNotReady
from service.core.types import Floats
from service.store.database import Database
from service.store.releases import ReleaseStatus, get_release
from service.store.spaces import behaviour_name, users_name
from service.store.tables import RELEASE
from service.store.vectors import VectorQuery, VectorStore

log = structlog.get_logger()

_AGAIN_S = 60.0  # a release that could not be used is tried again so much later


@dataclass(frozen=True, slots=True, eq=False)
class ServedRelease:
    """A release as a request needs it; one takes it once and finishes on it.

    Attributes
    ----------
    behaviour, users : its collections. fold : float32[D, D], see `ranking.fold_in`.
    biased : whether the last dimension of its vectors is a bias.
    """

    id: str
    behaviour: str
    users: str
    fold: Floats
    biased: bool


class LiveRelease:
    """Keeps the release in force; whatever goes wrong leaves the last good one.

    Parameters
    ----------
    refresh_s : how often to look whether another one was promoted.
    """

    def __init__(self, database: Database, store: VectorStore, refresh_s: float) -> None:
        self._database = database
        self._store = store
        self._refresh_s = refresh_s
        self._looked = -np.inf
        self._served: ServedRelease | None = None
        self._named: dict[str, tuple[float, ServedRelease | None]] = {}
        self._unusable: str | None = None
        self._looking = Lock()

    def current(self) -> ServedRelease | None:
        """The release in force; None before the first is promoted. Never raises."""
        # nobody waits for the one who looks, but for the very first time
        if time.monotonic() - self._looked >= self._refresh_s and self._looking.acquire(blocking=self._looked < 0):
            try:
                if time.monotonic() - self._looked >= self._refresh_s:
                    self._look()
            finally:
                self._looked = time.monotonic()
                self._looking.release()
        return self._served

    def named(self, release_id: str) -> ServedRelease | None:
        """A release by its id, live or not; None if it cannot be used. Never raises."""
        live = self.current()
        if live is not None and live.id == release_id:
            return live
        looked, served = self._named.get(release_id, (-np.inf, None))
        if served is None and time.monotonic() - looked >= _AGAIN_S:
            try:
                served = self._load(release_id)
            except Exception as error:  # noqa: BLE001  the live release answers instead
                log.warning("release_not_usable", release=release_id, error=str(error))
            self._named[release_id] = (time.monotonic(), served)
        return served

    def collections(self) -> tuple[str, ...]:
        """The collections that hold payloads of products besides the products' own, as of this moment.

        Raises
        ------
        DependencyUnavailable : the database does not answer.
        """
        live, there = self._live_id(), set(self._store.names())
        names = {behaviour_name(name) for name in (live, *self._named) if name is not None}
        return tuple(sorted(names & there))

    def _look(self) -> None:
        live: str | None = None
        try:
            live = self._live_id()
            if live is None:
                self._served = None
            elif self._served is None or live != self._served.id:
                self._served = self._load(live)
                log.info("release_served", release=live)
            self._unusable = None
        except Exception as error:  # noqa: BLE001  the release before goes on answering
            if self._unusable != (live or "database"):
                log.warning("release_not_usable", release=live, error=str(error))
            self._unusable = live or "database"

    def _live_id(self) -> str | None:
        query = select(RELEASE.c.id).where(RELEASE.c.status == ReleaseStatus.LIVE)
        with self._database.session() as session:
            found: str | None = session.connection().execute(query).scalar()
        return found

    def _load(self, release_id: str) -> ServedRelease:
        with self._database.session() as session:
            manifest = get_release(session, release_id).manifest
        served = served_release(release_id, manifest)
        check_served(self._store, served)
        return served


def served_release(release_id: str, manifest: Mapping[str, Any]) -> ServedRelease:
    """The release that a manifest describes.

    Raises
    ------
    IndexNotReady : the manifest is not one of a trained release.
    """
    try:
        fold = np.array(manifest["fold"], np.float32)
        size, biased = int(manifest["cf_size"]), bool(manifest["biased"])
    except (KeyError, TypeError, ValueError) as error:
        raise IndexNotReady(f"the manifest of release {release_id} is damaged ({error}); train another") from error
    if fold.shape != (size, size):
        raise IndexNotReady(
            f"release {release_id} has vectors of {size} dimensions but folds users in with {fold.shape}; train another"
        )
    return ServedRelease(release_id, behaviour_name(release_id), users_name(release_id), fold, biased)


def check_served(store: VectorStore, served: ServedRelease) -> None:
    """See whether the collections are there and hold vectors of the release's size.

    Raises
    ------
    NotFound, InvalidQuery : they are not, or do not. DependencyUnavailable : the store does not answer.
    """
    probe = VectorQuery("cf", np.ones(len(served.fold), np.float32), limit=1)
    for collection in (served.behaviour, served.users):
        store.search(collection, [probe])
