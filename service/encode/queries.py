"""Query vectors, kept: most queries come again, and encoding one takes longer than everything else in a request."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock, Thread, main_thread

import structlog

from service.core.types import Floats

log = structlog.get_logger()

_MOST_WAITING = 1_000


class QueryVectors:
    """A bounded memory of what `encode` made of texts, least recently used first to go.

    Parameters
    ----------
    size : texts remembered; 0 remembers none.
    """

    def __init__(self, encode: Callable[[str], Floats], size: int) -> None:
        self._encode = encode
        self._size = size
        self._known: OrderedDict[str, Floats] = OrderedDict()
        self._lock = Lock()
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._thread: Thread | None = None
        self.hits = self.misses = 0  # of all questions so far

    def get(self, text: str) -> Floats:
        """The vector, float32[D], encoded now if it is not known; treat it as read-only."""
        vector = self._recall(text)
        if vector is None:
            vector = self._encode(text)
            self._remember(text, vector)
        return vector

    def peek(self, text: str) -> Floats | None:
        """The vector if it is known; if not, None, and a thread will soon know it."""
        vector = self._recall(text)
        if vector is None and self._size:
            self._ask_for(text)
        return vector

    def _recall(self, text: str) -> Floats | None:
        with self._lock:
            vector = self._known.get(text)
            if vector is None:
                self.misses += 1
            else:
                self.hits += 1
                self._known.move_to_end(text)
            return vector

    def _remember(self, text: str, vector: Floats) -> None:
        with self._lock:
            self._known[text] = vector
            while len(self._known) > self._size:
                self._known.popitem(last=False)

    def _ask_for(self, text: str) -> None:
        with self._lock:
            if len(self._waiting) < _MOST_WAITING:  # whoever needs it asks again
                self._waiting[text] = None
            if self._thread is None:
                # no daemon: ending the process amid a model's work would abort it
                self._thread = Thread(target=self._work, name="queries")
                self._thread.start()

    def _work(self) -> None:
        """Until nothing waits, or the process ends."""
        while (text := self._next()) is not None:
            try:
                self.get(text)
            except Exception as error:  # noqa: BLE001  whoever needs it is told when asking
                log.warning("query_not_encoded", error=str(error))

    def _next(self) -> str | None:
        with self._lock:
            if self._waiting and main_thread().is_alive():
                return self._waiting.popitem(last=False)[0]
            self._thread = None
            return None
