"""The release loop of a serving process: a thread that publishes what other processes trained, and sweeps up.

On the embedded engine only this process can write vectors. Training runs elsewhere, leaves files, and waits for us.
"""

import time
from threading import Event, Thread

import structlog

from indexer.release.publish import Publisher, Stopped, publish_release
from indexer.release.sweep import forget_old, supersede, sweep, waiting_releases, wants_promotion
from service.core.errors import RecommenderError

log = structlog.get_logger()

_SWEEP_EVERY_S = 60.0
_LONGEST_PAUSE_S = 30.0
_LONGEST_STOP_S = 5.0
_LONGEST_BREATH_S = 0.25


class ReleaseLoop:
    """Publishes trained releases as they appear.

    Parameters
    ----------
    poll_s : how often to look. keep : newest releases that stay, see `store.releases.prune`.
    """

    def __init__(self, publisher: Publisher, poll_s: float, keep: int) -> None:
        self._publisher = publisher
        self._poll_s = poll_s
        self._keep = keep
        self._wrote = 0.0
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
            publish_release(
                self._publisher, waiting[-1], go_live=wants, stop=self._stop, on_progress=self._let_others_pass
            )
            forget_old(database, self._keep)
        if waiting or time.monotonic() - self._swept >= _SWEEP_EVERY_S:
            if gone := sweep(database, self._publisher.store, folder):
                log.info("releases_swept", releases=gone)
            self._swept = time.monotonic()

    def _let_others_pass(self, _: int) -> None:
        """Pause as long as the last chunk took: the engine lets no request in while it writes."""
        now = time.monotonic()
        self._stop.wait(min(now - self._wrote, _LONGEST_BREATH_S))
        self._wrote = time.monotonic()
