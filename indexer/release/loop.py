"""The release loop of a serving process: a thread that publishes what other processes trained, and sweeps up.

On the embedded engine only this process can write vectors. Training runs elsewhere, leaves files, and waits for us.
"""

import time
from threading import Event, Thread

import structlog

from indexer.release.publish import Publisher, Stopped, publish_release
from indexer.release.sweep import sweep, waiting_releases
from service.core.errors import RecommenderError
from service.store.database import Database
from service.store.releases import ReleaseStatus, get_release, mark_failed

log = structlog.get_logger()

_SWEEP_EVERY_S = 60.0
_LONGEST_PAUSE_S = 30.0
_LONGEST_STOP_S = 5.0


class ReleaseLoop:
    """Publishes trained releases as they appear.

    Parameters
    ----------
    poll_s : how often to look.
    """

    def __init__(self, publisher: Publisher, poll_s: float) -> None:
        self._publisher = publisher
        self._poll_s = poll_s
        self._stop = Event()
        self._thread = Thread(target=self._run, name="releases", daemon=True)
        self._swept = -_SWEEP_EVERY_S

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a release that is being published will be published by the next process."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_LONGEST_STOP_S)

    def _run(self) -> None:
        pause = self._poll_s
        while not self._stop.is_set():
            try:
                self._once()
                pause = self._poll_s
            except Stopped:
                return
            except Exception as error:
                pause = min(pause * 2, _LONGEST_PAUSE_S)
                log.error("releases_failed", error=str(error), exc_info=not isinstance(error, RecommenderError))
            self._stop.wait(pause)

    def _once(self) -> None:
        database, folder = self._publisher.database, self._publisher.folder
        waiting = waiting_releases(database, folder)
        if waiting:
            supersede(database, waiting[:-1])
            wants = wants_promotion(database, waiting[-1])
            release = publish_release(self._publisher, waiting[-1], go_live=wants, stop=self._stop)
            log.info("release_published", release=release.id, status=str(release.status), reason=release.message)
        if waiting or time.monotonic() - self._swept >= _SWEEP_EVERY_S:
            if gone := sweep(database, self._publisher.store, folder):
                log.info("releases_swept", releases=gone)
            self._swept = time.monotonic()


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
