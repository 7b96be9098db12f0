"""Search as a list: what matches, counted, in any order, page by page; without words, the shelves of the whole shop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b

import numpy as np
from sqlmodel import Session

from config.surface import Surface
from service.candidates import Wanted
from service.context import Request, Services
from service.core.cursor import MAX_IDS, Cursor, read_cursor, write_cursor
from service.core.errors import InvalidQuery
from service.core.facets import Facet, shape, without
from service.core.filters import Filter, HasId, all_of
from service.core.types import RankedItem, Slate, Trace
from service.counted import Counting
from service.hydrate import Hydrated, hydrate
from service.look import Found, look_among, look_for
from service.matching import Matched
from service.pipeline import Look, assigned, for_newcomers, recommend, slots
from service.rules_for import Ruled, rules_for
from service.stopwatch import Stopwatch
from service.store.facet_counts import value_counts
from service.store.listing import count_products, list_products, sorted_ids
from service.words.relax import AS_ASKED, Asked, lowered, only_demands, step_named

SORTS = ("relevance", "price", "-price", "rating", "newest", "popularity", "discount")
_BY_WORDS, _BY_NOTHING = "relevance", "popularity"
_STEP = "."  # in a cursor, between the fingerprint of the question and the step down to what was asked instead


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
        self.watch = Stopwatch()
        self.services, self.request, self.sort = services, request, sort
        with self.watch.step("hydrate"):
            self.assignment = assigned(services, request)
            self.n = slots(request.n, self.assignment.surface)
            self.fingerprint = _fingerprint(request, sort)
            self.known = hydrate(services, request, self.assignment.surface, self.assignment.release)
            self.surface = for_newcomers(self.assignment.surface, request, self.known)
        self.release = self.known.release.id if self.known.release else None
        required = rules_for(services, request, self.assignment, self.known.query).required
        wanted = Wanted(request.tenant, None, self.known.excluded, self.surface.in_stock_only, required)
        self.everywhere = wanted.in_index()  # what every product must meet, the filter of the request aside

    @cached_property
    def counting(self) -> Counting:
        """What matches the words, and counts it."""
        return Counting(self.services, self.request, self.known, self.surface, self.n, self.everywhere, self.watch)

    def page(self, facets: Sequence[str], after: str | None) -> Listed:
        """The first page, or the one after a cursor."""
        cursor = self._cursor(after)
        if not self.request.has_question or self._only_demands():
            return self._browse(facets, cursor)
        return self._first(facets) if cursor is None else self._next(cursor)

    def _only_demands(self) -> bool:
        """Whether all that is said of the products wanted is what they must meet, as by "under 50"."""
        request = self.request
        is_words = request.product is None and request.picture is None and request.may_relax
        return is_words and only_demands(self.known.understood)

    def _cursor(self, after: str | None) -> Cursor | None:
        if after is None:
            return None
        cursor = read_cursor(after)
        fingerprint = cursor.made_for.partition(_STEP)[0]
        if (fingerprint, cursor.release) != (self.fingerprint, self.release):
            what = "query" if fingerprint != self.fingerprint else "release of the models"
            raise InvalidQuery(
                f"the cursor belongs to another {what}; send `next_cursor` back with the query, filter and sort it "
                "came with, or leave it out to start again",
                code="invalid_cursor",
            )
        return cursor

    def _first(self, facets: Sequence[str]) -> Listed:
        found = self.counting.first(facets)
        page = Cursor(
            f"{self.fingerprint}{_STEP}{found.asked.step.name}", self.release, len(found.matched.ids),
            not found.matched.is_complete,
        )  # fmt: skip
        if self.sort != _BY_WORDS:
            return self._sorted(page, found.asked, found.matched, found.facets, found.retrieved.degraded)

        def look(s: Services, r: Request, _: Hydrated, ruled: Ruled, __: Surface, n: int, watch: Stopwatch) -> Found:
            return look_among(s, r, found.asked, ruled, n, watch, found.matched.ids, found.retrieved)

        return self._ranked(page, found.asked, found.matched, found.facets, look)

    def _next(self, cursor: Cursor) -> Listed:
        asked = self.counting.asked()
        step = step_named(cursor.made_for.partition(_STEP)[2] or AS_ASKED.name)
        asked = lowered(self.services, self.request, asked, step) or asked
        among = Filter(must=(HasId(cursor.ids),))
        matched = _still_to_come(cursor.ids)
        if self.sort != _BY_WORDS:
            return self._sorted(cursor, asked, matched, None, {})

        def look(s: Services, r: Request, _: Hydrated, ruled: Ruled, __: Surface, n: int, watch: Stopwatch) -> Found:
            return look_for(s, r, asked, ruled, n, watch, among)

        return self._ranked(cursor, asked, matched, None, look)

    def _ranked(
        self, page: Cursor, asked: Asked, matched: Matched, facets: Mapping[str, Facet] | None, look: Look
    ) -> Listed:
        slate = recommend(self.services, self.request, asked.known, look)
        slate = replace(slate, trace=replace(slate.trace, step_ms=_added(self.watch.step_ms, slate.trace.step_ms)))
        gone = {item.product_id for item in slate.items} | set(slate.trace.dropped)
        left = [product for product in matched.best_first().tolist() if product not in gone] if slate.items else []
        return self._listed(page, slate, left[:MAX_IDS], facets)

    def _sorted(
        self, page: Cursor, asked: Asked, matched: Matched, facets: Mapping[str, Facet] | None,
        degraded: Mapping[str, str],
    ) -> Listed:  # fmt: skip
        wanted = all_of(self.everywhere, asked.known.within(self.request.filter))
        with self.watch.step("sort"), self.services.database.session() as session:
            ids = sorted_ids(
                session, self.request.tenant, among=matched.ids, filter=wanted, sort=self.sort, limit=self.n + MAX_IDS
            )
        slate = self._slate(matched.said_of(ids[: self.n]), asked.known, degraded)
        return self._listed(page, slate, ids[self.n :], facets)

    def _listed(self, page: Cursor, slate: Slate, left: Sequence[int], facets: Mapping[str, Facet] | None) -> Listed:
        following = write_cursor(replace(page, ids=frozenset(left))) if left else None
        return Listed(slate, page.total, page.is_at_least, following, facets, "matches")

    def _browse(self, facets: Sequence[str], cursor: Cursor | None) -> Listed:
        wanted, mark = self.known.within(self.request.filter), cursor.mark if cursor else None
        sort = _BY_NOTHING if self.sort == _BY_WORDS else self.sort
        with self.services.database.session() as session:
            found, mark = list_products(
                session, self.request.tenant, filter=all_of(self.everywhere, wanted), sort=sort, after=mark,
                limit=self.n,
            )  # fmt: skip
            total = count_products(session, self.request.tenant, all_of(self.everywhere, wanted))
            counted = {name: self._facet(session, name) for name in (facets if cursor is None else ())}
        slate = self._slate([(stored.id, 0.0, "catalogue") for stored in found], self.known, {})
        page = Cursor(self.fingerprint, self.release, total, False, mark)
        following = write_cursor(page) if mark else None
        return Listed(slate, total, False, following, counted if cursor is None else None, "catalogue")

    def _facet(self, session: Session, name: str) -> Facet:
        wider = all_of(self.everywhere, without(self.known.within(self.request.filter), name))
        return shape(name, value_counts(session, self.request.tenant, wider, name))

    def _slate(self, found: Sequence[tuple[int, float, str]], known: Hydrated, degraded: Mapping[str, str]) -> Slate:
        """A slate in an order that no score made; chance has no part in it."""
        items = tuple(
            RankedItem(product, rank, score, {source: score}, 1.0, source, "content")
            for rank, (product, score, source) in enumerate(found, 1)
        )
        trace = Trace({}, {}, (), self.watch.step_ms)
        why = None if len(items) >= self.n else f"{len(items)} of {self.n} asked for: no more products match"
        slate = Slate(
            self.request.request_id, self.request.surface, self.assignment.label, self.release,
            known.level if known.reason else "content", known.reason, items,
            degraded, why, trace, self.assignment.arms, understood=known.understood,
        )  # fmt: skip
        self.services.record(self.request, slate)
        return slate


def _still_to_come(ids: frozenset[int]) -> Matched:
    """What a cursor names: that they match was settled on the first page, how near they are was not kept."""
    found = np.array(sorted(ids), np.int64)
    return Matched(found, np.zeros(len(found)), np.zeros(len(found), np.int64), ("lexical",), True)


def _added(ours: Mapping[str, float], theirs: Mapping[str, float]) -> dict[str, float]:
    return {step: ours.get(step, 0.0) + theirs.get(step, 0.0) for step in (*ours, *theirs)}


def _fingerprint(request: Request, sort: str) -> str:
    asked = (
        request.tenant, request.surface, request.text, request.filter, sort, request.exclude, request.weights,
        request.boosts, request.correct, sorted(request.ignore), request.terms, request.product,
        request.picture and request.picture.digest, request.may_relax, request.mode,
    )  # fmt: skip
    return blake2b(ascii(asked).encode(), digest_size=6).hexdigest()
