"""The suggestions in force, per tenant, made anew behind the answers."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from threading import Event, Lock, Thread

import structlog

from service.core.fields import CATEGORY_SEPARATOR
from service.core.suggestions import Suggestion, Suggestions
from service.store.database import Database
from service.store.suggestion_rows import common_queries, suggested_products

log = structlog.get_logger()

REFRESH_S = 60.0
MIN_VISITORS = 3
"""So many different people must have made a query before others are shown it."""

MAX_PRODUCTS = 200_000
_WINDOW = timedelta(days=90)
_MAX_QUERIES = 20_000
_MAX_LENGTH = 80
_PAGE = 1000


class LiveSuggestions:
    """Keeps each tenant's `Suggestions`; a failing database leaves the last ones in force.

    Parameters
    ----------
    refresh_s : how old they may become before a thread makes new ones. now : the clock, UTC.
    """

    def __init__(self, database: Database, now: Callable[[], datetime], refresh_s: float = REFRESH_S) -> None:
        self._database = database
        self._now = now
        self._refresh_s = refresh_s
        self._known: dict[str, tuple[float, Suggestions]] = {}
        self._lock = Lock()
        self._closed = Event()
        self._thread: Thread | None = None

    def current(self, tenant: str) -> Suggestions:
        """What there is to complete to; the first call of a tenant reads the catalogue and waits for it."""
        made, known = self._known.get(tenant, (0.0, None))
        if known is None:
            with self._lock:
                return self._known[tenant][1] if tenant in self._known else self._make(tenant)
        if time.monotonic() - made > self._refresh_s:
            self.warm(tenant)
        return known

    def warm(self, tenant: str) -> None:
        """Make them in a thread, unless that is going on; returns at once."""
        if not self._closed.is_set() and self._lock.acquire(blocking=False):
            self._thread = Thread(target=self._behind, args=(tenant,), name="suggestions", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End what is going on, and wait for it."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _behind(self, tenant: str) -> None:
        try:
            self._make(tenant)
        except Exception as error:  # noqa: BLE001  those before stay in force
            log.warning("suggestions_not_refreshed", error=str(error))
        finally:
            self._lock.release()

    def _make(self, tenant: str) -> Suggestions:
        made = Suggestions(self._read(tenant))
        self._known[tenant] = time.monotonic(), made
        return made

    def _read(self, tenant: str) -> Iterator[Suggestion]:
        brands: Counter[str] = Counter()
        categories: Counter[str] = Counter()
        after = count = 0
        with self._database.session() as session:
            since = self._now() - _WINDOW
            queries = common_queries(session, tenant, since=since, visitors=MIN_VISITORS, limit=_MAX_QUERIES)
            yield from (Suggestion(text, "query", None, n) for text, n in queries if len(text) <= _MAX_LENGTH)
            while count < MAX_PRODUCTS:
                rows = suggested_products(session, tenant, after=after, limit=_PAGE)
                for after, external_id, name, brand, path, reviews in rows:  # noqa: B007  the next page starts there
                    yield Suggestion(name, "product", external_id, reviews)
                    brands.update([brand] if brand else ())
                    categories.update([path] if path else ())
                count += len(rows)
                if self._closed.is_set():
                    raise InterruptedError("the service ends")
                if len(rows) < _PAGE:
                    break
        yield from (Suggestion(brand, "brand", None, n) for brand, n in brands.items())
        yield from _categories(categories)


def _categories(paths: Counter[str]) -> Iterator[Suggestion]:
    counts: Counter[str] = Counter()
    for path, n in paths.items():
        parts = path.split(CATEGORY_SEPARATOR)
        counts.update({CATEGORY_SEPARATOR.join(parts[: depth + 1]): n for depth in range(len(parts))})
    yield from (Suggestion(path.rsplit(CATEGORY_SEPARATOR, 1)[-1], "category", path, n) for path, n in counts.items())
