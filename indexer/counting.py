"""The thread of a serving process that counts the popular lists anew now and then."""

from collections.abc import Callable
from threading import Event, Thread

import structlog

from service.core.errors import RecommenderError

log = structlog.get_logger()


class CountingLoop:
    """Calls `count` at once and then every `every_s` seconds; a failure is logged and tried again next time."""

    def __init__(self, count: Callable[[], object], every_s: float) -> None:
        self._count = count
        self._every_s = every_s
        self._stop = Event()
        self._thread = Thread(target=self._run, name="counting", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a count in work is finished first."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._count()
            except Exception as error:
                log.error("counting_failed", error=str(error), exc_info=not isinstance(error, RecommenderError))
            self._stop.wait(self._every_s)
