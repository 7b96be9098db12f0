"""The suggestions in force, per tenant, made anew behind the answers."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Event, Lock, Thread

import structlog
from sqlmodel import Session

from service.core.fields import CATEGORY_SEPARATOR
from service.core.suggestions import Suggestion, Suggestions
from service.store.catalogue_words import catalogue_version
from service.store.database import Database
from service.store.suggestion_rows import SuggestedProduct, common_queries, suggested_products
from service.words.plain import words_of
from service.words.understand import Words

log = structlog.get_logger()

REFRESH_S = 60.0
MIN_VISITORS = 3
"""So many different people must have made a query before others are shown it."""

MAX_PRODUCTS = 200_000
_WINDOW = timedelta(days=90)
_MAX_QUERIES = 20_000
_MAX_LENGTH = 80
_MOST_CORRECTED = 6
_PAGE = 500
_PAUSE_S = 0.001  # now and then, so that answers are not kept waiting
_REST = 50.0  # times as long as making them took, until the next look


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    suggestions: Suggestions
    version: object
    look_at: float


class LiveSuggestions:
    """Keeps each tenant's `Suggestions`; a failing database leaves the last ones in force.

    Parameters
    ----------
    refresh_s : how old they may become, at least, before a thread looks again. now : the clock, UTC.
    """

    def __init__(self, database: Database, now: Callable[[], datetime], refresh_s: float = REFRESH_S) -> None:
        self._database = database
        self._now = now
        self._refresh_s = refresh_s
        self._known: dict[str, _Known] = {}
        self._lock = Lock()
        self._closed = Event()
        self._thread: Thread | None = None

    def current(self, tenant: str) -> Suggestions:
        """What there is to complete to; the first call of a tenant reads the catalogue and waits for it."""
        known = self._known.get(tenant)
        if known is None:
            with self._lock:
                return (self._known.get(tenant) or self._look(tenant)).suggestions
        if time.monotonic() >= known.look_at:
            self.warm(tenant)
        return known.suggestions

    def is_ready(self, tenant: str) -> bool:
        """Whether `current` answers at once."""
        return tenant in self._known

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
            self._look(tenant)
        except Exception as error:  # noqa: BLE001  those before stay in force
            if not self._closed.is_set():
                log.warning("suggestions_not_refreshed", error=str(error))
            if known := self._known.get(tenant):
                self._known[tenant] = replace(known, look_at=time.monotonic() + self._refresh_s)
        finally:
            self._lock.release()

    def _look(self, tenant: str) -> "_Known":
        """Those in force, made anew where the catalogue or what people search for has changed."""
        start, known = time.monotonic(), self._known.get(tenant)
        with self._database.session() as session:
            since = self._now() - _WINDOW
            queries = common_queries(session, tenant, since=since, visitors=MIN_VISITORS, limit=_MAX_QUERIES)
            version = (catalogue_version(session, tenant), queries)
            if known is not None and known.version == version:
                suggestions = known.suggestions
            else:
                suggestions = Suggestions(_suggestions(queries, self._products(session, tenant)), self._pause)
        now = time.monotonic()
        self._known[tenant] = _Known(suggestions, version, now + max(self._refresh_s, _REST * (now - start)))
        return self._known[tenant]

    def _products(self, session: Session, tenant: str) -> Iterator[SuggestedProduct]:
        after = count = 0
        while count < MAX_PRODUCTS:
            rows = suggested_products(session, tenant, after=after, limit=_PAGE)
            yield from rows
            self._pause()
            if len(rows) < _PAGE:
                return
            after, count = rows[-1].id, count + len(rows)

    def _pause(self) -> None:
        if self._closed.wait(_PAUSE_S):
            raise InterruptedError("the service ends")


def completed(suggestions: Suggestions, words: Words | None, typed: str, n: int) -> tuple[list[Suggestion], str | None]:
    """At most `n` completions; where there are none, those of the shop's nearest words, and which these are."""
    found = suggestions.complete(typed, n)
    if found or words is None:
        return found, None
    typed_words = words_of(typed)[:_MOST_CORRECTED]
    meant = " ".join(words.speller.nearest(word) or word for word in typed_words)
    found = suggestions.complete(meant, n) if meant != " ".join(typed_words) else []
    return found, meant if found else None


def _suggestions(queries: Iterable[tuple[str, int]], products: Iterable[SuggestedProduct]) -> Iterator[Suggestion]:
    yield from (Suggestion(text, "query", None, n) for text, n in queries if len(text) <= _MAX_LENGTH)
    brands: Counter[str] = Counter()
    paths: Counter[str] = Counter()
    for product in products:
        yield Suggestion(product.name, "product", product.external_id, product.review_count)
        brands.update([product.brand] if product.brand else ())
        paths.update([product.category_path] if product.category_path else ())
    yield from (Suggestion(brand, "brand", None, n) for brand, n in brands.items())
    yield from _categories(paths)


def _categories(paths: Counter[str]) -> Iterator[Suggestion]:
    counts: Counter[str] = Counter()
    for path, n in paths.items():
        parts = path.split(CATEGORY_SEPARATOR)
        counts.update({CATEGORY_SEPARATOR.join(parts[: depth + 1]): n for depth in range(len(parts))})
    yield from (Suggestion(path.rsplit(CATEGORY_SEPARATOR, 1)[-1], "category", path, n) for path, n in counts.items())
