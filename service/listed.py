"""Search as a list: what matches, counted, in any order, page by page; without words, the shelves of the whole shop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from time import perf_counter

from sqlmodel import Session

from config.params import Surface
from service.candidates import Wanted
from service.context import Request, Services
from service.core.cursor import MAX_IDS, Cursor, read_cursor, write_cursor
from service.core.errors import InvalidQuery
from service.core.facets import Facet, shape, without
from service.core.filters import HasId, all_of
from service.core.types import RankedItem, Slate, Trace
from service.experiments import Assignment, assign
from service.hydrate import hydrate
from service.matching import Matched, Matching
from service.pipeline import recommend
from service.retrieve import ask
from service.rules_for import rules_for
from service.store.facet_counts import value_counts
from service.store.listing import count_products, list_products, sorted_ids
from service.store.row_counts import RowCounts
from service.store.serving import serving_rows

SORTS = ("relevance", "price", "-price", "rating", "newest", "popularity", "discount")
_BY_WORDS, _BY_NOTHING = "relevance", "popularity"


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list.

    Attributes
    ----------
    total : products on all pages; `is_at_least`: there may be more. next_cursor : None on the last page.
    facets : field -> counts; None beyond the first page. facets_over : what they count, ``matches`` or ``catalogue``.
    """

    slate: Slate
    total: int
    is_at_least: bool
    next_cursor: str | None
    facets: Mapping[str, Facet] | None
    facets_over: str


def search_listed(
    services: Services, request: Request, *, sort: str = "relevance", facets: Sequence[str] = (), after: str | None
) -> Listed:
    """One page of what matches a query, or of what passes a filter.

    With words, the first request settles which products match (`service.matching`) and the cursor names those still to
    come: whatever is added, changed or trained meanwhile, none is shown twice or skipped, up to `MAX_IDS` further on.
    Without words, a page goes on after the last product of the one before in the order of the catalogue.

    Parameters
    ----------
    sort : one of `SORTS`; relevance without words is popularity. facets : as `core.facets.check_facets` returns them.
    after : `next_cursor` of the page before.

    Raises
    ------
    InvalidQuery : an unknown sort, a cursor of another question or release, n out of range.
    """
    if sort not in SORTS:
        raise InvalidQuery(f"cannot sort by {sort[:80]!r}; choose one of: {', '.join(SORTS)}", code="invalid_sort")
    return SearchList(services, request, sort).page(facets, after)


class SearchList:
    """What all pages of one list have in common, looked up once; `search_listed` is the way in."""

    def __init__(self, services: Services, request: Request, sort: str) -> None:
        self.start = perf_counter()
        self.services, self.request, self.sort = services, request, sort
        self.assignment = _assignment(services, request)
        self.surface: Surface = self.assignment.surface
        self.n = _page_size(request.n, self.surface)
        self.fingerprint = _fingerprint(request, sort)
        self.known = hydrate(services, request, self.surface, self.assignment.release)
        self.release = self.known.release.id if self.known.release else None
        required = rules_for(services, request, self.assignment, self.known.query).required
        wanted = Wanted(request.tenant, None, self.known.excluded, self.surface.in_stock_only, required)
        self.everywhere = wanted.in_index()  # what every product must meet, the filter of the request aside

    def page(self, facets: Sequence[str], after: str | None) -> Listed:
        """The first page, or the one after a cursor."""
        cursor = self._cursor(after)
        if not self.request.has_question:
            return self._browse(facets, cursor)
        return self._first(facets) if cursor is None else self._next(cursor)

    def _cursor(self, after: str | None) -> Cursor | None:
        if after is None:
            return None
        cursor = read_cursor(after)
        if (cursor.made_for, cursor.release) != (self.fingerprint, self.release):
            what = "query" if cursor.made_for != self.fingerprint else "release of the models"
            raise InvalidQuery(
                f"the cursor belongs to another {what}; send `next_cursor` back with the query, filter and sort it "
                "came with, or leave it out to start again",
                code="invalid_cursor",
            )
        return cursor

    def _first(self, facets: Sequence[str]) -> Listed:
        matching, wanted = self.matching(), self.known.within(self.request.filter)
        wider = {name: without(wanted, name) for name in facets}
        found = {condition: matching.within(condition) for condition in {wanted, *wider.values()}}
        with self.services.database.session() as session:
            ids = frozenset().union(*(one.ids for one in found.values()))
            rows = RowCounts(serving_rows(session, self.request.tenant, ids), self.everywhere)
        counted = {
            name: replace(
                shape(name, rows.counts(name, condition, found[condition].ids)),
                is_at_least=not found[condition].is_complete,
            )
            for name, condition in wider.items()
        }
        matched = found[wanted].only(rows.ids(wanted, found[wanted].ids))
        page = Cursor(self.fingerprint, self.release, len(matched.products), not matched.is_complete)
        return self._page(page, matched, matching.degraded, counted)

    def matching(self) -> Matching:
        """What the words of the query match."""
        services, params = self.services, self.services.params
        questions = ask(self.known.query, self.surface.weights, services.encoders, params.retrieval.deadline_ms)
        named = self.known.understood.exact if self.known.understood else ()
        return Matching(services.store, questions, self.everywhere, params.retrieval, params.search, named)

    def _next(self, cursor: Cursor) -> Listed:
        matched = Matched(dict.fromkeys(cursor.ids, (0.0, "lexical")), True)
        return self._page(cursor, matched, {}, None)

    def _page(
        self, cursor: Cursor, matched: Matched, degraded: Mapping[str, str], facets: Mapping[str, Facet] | None
    ) -> Listed:
        if self.sort == _BY_WORDS:
            slate, left = self._ranked(matched)
        else:
            slate, left = self._sorted(matched, degraded)
        following = write_cursor(replace(cursor, ids=frozenset(left))) if left else None
        return Listed(slate, cursor.total, cursor.is_at_least, following, facets, "matches")

    def _ranked(self, matched: Matched) -> tuple[Slate, list[int]]:
        wanted = all_of(self.request.filter, HasId(matched.ids))
        slate = recommend(self.services, replace(self.request, filter=wanted))
        if not slate.items:
            return slate, []
        gone = {item.product_id for item in slate.items} | set(slate.trace.dropped)
        left = [product for product in matched.products if product not in gone]
        return slate, sorted(left, key=lambda product: (-matched.products[product][0], product))[:MAX_IDS]

    def _sorted(self, matched: Matched, degraded: Mapping[str, str]) -> tuple[Slate, list[int]]:
        wanted = all_of(self.everywhere, self.known.within(self.request.filter), HasId(matched.ids))
        with self.services.database.session() as session:
            ids = sorted_ids(session, self.request.tenant, filter=wanted, sort=self.sort, limit=self.n + MAX_IDS)
        items = [(product, *matched.products[product]) for product in ids[: self.n]]
        return self._slate(items, degraded), ids[self.n :]

    def _browse(self, facets: Sequence[str], cursor: Cursor | None) -> Listed:
        wanted, mark = self.request.filter, cursor.mark if cursor else None
        sort = _BY_NOTHING if self.sort == _BY_WORDS else self.sort
        with self.services.database.session() as session:
            found, mark = list_products(
                session, self.request.tenant, filter=all_of(self.everywhere, wanted), sort=sort, after=mark,
                limit=self.n,
            )  # fmt: skip
            total = count_products(session, self.request.tenant, all_of(self.everywhere, wanted))
            counted = {name: self._facet(session, name) for name in (facets if cursor is None else ())}
        slate = self._slate([(stored.id, 0.0, "catalogue") for stored in found], {})
        page = Cursor(self.fingerprint, self.release, total, False, mark)
        following = write_cursor(page) if mark else None
        return Listed(slate, total, False, following, counted if cursor is None else None, "catalogue")

    def _facet(self, session: Session, name: str) -> Facet:
        wider = all_of(self.everywhere, without(self.request.filter, name))
        return shape(name, value_counts(session, self.request.tenant, wider, name))

    def _slate(self, found: Sequence[tuple[int, float, str]], degraded: Mapping[str, str]) -> Slate:
        """A slate in an order that no score made; chance has no part in it."""
        items = tuple(
            RankedItem(product, rank, score, {source: score}, 1.0, source, "content")
            for rank, (product, score, source) in enumerate(found, 1)
        )
        trace = Trace({}, {}, (), {"list": (perf_counter() - self.start) * 1000})
        why = None if len(items) >= self.n else f"{len(items)} of {self.n} asked for: no more products match"
        slate = Slate(
            self.request.request_id, self.request.surface, self.assignment.label, self.release, "content", None, items,
            degraded, why, trace, self.assignment.arms, understood=self.known.understood,
        )  # fmt: skip
        self.services.record(self.request, slate)
        return slate


def _assignment(services: Services, request: Request) -> Assignment:
    return assign(
        services.params, request.surface, visitor=request.visitor, now=services.now(), forced=request.variants,
        weights=request.weights, mmr_lambda=request.mmr_lambda,
    )  # fmt: skip


def _page_size(asked: int | None, surface: Surface) -> int:
    n = surface.n if asked is None else asked
    if not 1 <= n <= surface.max_n:
        raise InvalidQuery(f"n must lie between 1 and {surface.max_n} on this surface, got {n}", code="invalid_n")
    return n


def _fingerprint(request: Request, sort: str) -> str:
    asked = (
        request.tenant, request.surface, request.text, request.filter, sort, request.exclude, request.weights,
        request.boosts, request.correct, sorted(request.ignore), request.terms, request.product,
        request.picture and request.picture.digest,
    )  # fmt: skip
    return blake2b(ascii(asked).encode(), digest_size=6).hexdigest()
