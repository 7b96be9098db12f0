"""What a serving process does right after its start, so that its first answers are as fast as the later ones."""

import gc
import time
from threading import Event, Thread

import structlog

from service.context import Services
from service.core.types import DEFAULT_TENANT
from service.store.events import recent_queries

log = structlog.get_logger()

WARM_UP = "warm-up"  # the thread's name
_QUERIES = 500


class WarmUp:
    """A thread that runs the models once, encodes what was searched for lately, and reads what people took then."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stop = Event()
        self._thread = Thread(target=self._run, name=WARM_UP, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the query in work."""
        self._stop.set()
        self._thread.join()
        gc.unfreeze()  # libraries complain of what is left over at the end of the process

    def _run(self) -> None:
        start = time.monotonic()
        try:
            self._services.chosen(DEFAULT_TENANT, "")  # reads the log of searches; requests do not wait for it now
            encoders = self._services.encoders
            encoders.text.encode_query("warm-up")
            if encoders.image is not None:
                encoders.image.encode_query("warm-up")
            with self._services.database.session() as session:
                queries = recent_queries(session, DEFAULT_TENANT, limit=_QUERIES)
            for query in queries:
                if self._stop.wait(0.001):  # requests go first
                    return
                encoders.text.encode_query(query)
            keep_for_good()
            log.info("service_warm", queries=len(queries), seconds=round(time.monotonic() - start, 3))
        except Exception as error:  # noqa: BLE001  the first requests are slower then, nothing else
            log.warning("warm_up_failed", error=str(error))


def keep_for_good() -> None:
    """Take what there is now out of garbage collection.

    Looking through models and words again and again costs requests tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
