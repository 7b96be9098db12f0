"""The suggestions in force, per tenant, made anew behind the answers."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from config.search import Suggest
from service.core.fields import CATEGORY_SEPARATOR
from service.core.suggestions import Suggestion, Suggestions
from service.refreshed import Pause, Refreshed
from service.store.catalogue_words import catalogue_version
from service.store.database import Database
from service.store.search_counts import QueryCount, query_counts
from service.store.suggestion_rows import SuggestedProduct, suggested_products
from service.words.plain import words_of
from service.words.understand import Words

MAX_PRODUCTS = 200_000
_MAX_QUERIES = 20_000
_MAX_LENGTH = 80
_MOST_CORRECTED = 6
_PAGE = 500


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    suggestions: Suggestions
    queries: Sequence[QueryCount]
    version: object


class LiveSuggestions:
    """Keeps each tenant's `Suggestions`; a failing database leaves the last ones in force.

    Parameters
    ----------
    now : the clock, UTC.
    """

    def __init__(self, database: Database, now: Callable[[], datetime], params: Suggest) -> None:
        self._database = database
        self._now = now
        self._params = params
        self._kept = Refreshed[_Made]("suggestions", self._make, params.refresh_s)

    def current(self, tenant: str) -> Suggestions:
        """What there is to complete to; the first call of a tenant reads the catalogue and waits for it."""
        return self._kept.current(tenant).suggestions

    def queries(self, tenant: str) -> Sequence[QueryCount]:
        """What enough people searched for, most people first, suggested or not; waits as `current` does."""
        return self._kept.current(tenant).queries

    def is_ready(self, tenant: str) -> bool:
        """Whether `current` answers at once."""
        return self._kept.is_ready(tenant)

    def warm(self, tenant: str) -> None:
        """Make them in a thread, unless that is going on; returns at once."""
        self._kept.warm(tenant)

    def forget(self) -> None:
        """Make all anew when they are next asked for."""
        self._kept.forget()

    def close(self) -> None:
        """End what is going on, and wait for it."""
        self._kept.close()

    def _make(self, tenant: str, before: _Made | None, pause: Pause) -> _Made:
        """Those in force, made anew where the catalogue or what people search for has changed."""
        params = self._params
        with self._database.session() as session:
            since = self._now() - timedelta(days=params.window_days)
            queries = query_counts(session, tenant, since=since, visitors=params.min_visitors, limit=_MAX_QUERIES)
            version = (catalogue_version(session, tenant), queries)
            if before is not None and before.version == version:
                return before
            products = _products(session, tenant, pause)
            suggestions = Suggestions(_suggestions(queries, products, params.click_weight), pause)
            return _Made(suggestions, queries, version)


def _products(session: Session, tenant: str, pause: Pause) -> Iterator[SuggestedProduct]:
    after = count = 0
    while count < MAX_PRODUCTS:
        rows = suggested_products(session, tenant, after=after, limit=_PAGE)
        yield from rows
        pause()
        if len(rows) < _PAGE:
            return
        after, count = rows[-1].id, count + len(rows)


def completed(suggestions: Suggestions, words: Words | None, typed: str, n: int) -> tuple[list[Suggestion], str | None]:
    """At most `n` completions; where there are none, those of the shop's nearest words, and which these are."""
    found = suggestions.complete(typed, n)
    if found or words is None:
        return found, None
    typed_words = words_of(typed)[:_MOST_CORRECTED]
    meant = " ".join(words.speller.nearest(word) or word for word in typed_words)
    found = suggestions.complete(meant, n) if meant != " ".join(typed_words) else []
    return found, meant if found else None


def _suggestions(
    queries: Sequence[QueryCount], products: Iterable[SuggestedProduct], click_weight: float
) -> Iterator[Suggestion]:
    for one in queries:
        if len(one.query) <= _MAX_LENGTH and not one.finds_nothing:
            weight = one.visitors - one.takers + click_weight * one.takers
            yield Suggestion(one.query, "query", None, weight)
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
