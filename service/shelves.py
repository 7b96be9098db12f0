"""A home page: several shelves in one answer, each from its own list, no product on it twice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from config.params import ShelfName
from service.candidates import Wanted, first_eligible
from service.context import Request, Services
from service.core.behaviour import History, no_history
from service.core.filters import Filter
from service.core.types import RankedItem, Shelf, Slate, Trace
from service.experiments import Assignment
from service.past import seen
from service.pipeline import assigned, recommend
from service.rules_for import rules_for
from service.shelf_lists import ShelfList, shelf_lists
from service.slate import shortfall
from service.store.catalog import product_ids
from service.store.history import history
from service.store.users import find_user


@dataclass(frozen=True, slots=True)
class _Visitor:
    """Who looks at the page.

    Attributes
    ----------
    never : internal ids that no shelf shows. had : those that only shelves of the past show.
    required : label of a business rule -> what every product must meet.
    """

    assignment: Assignment
    past: History
    preferences: Mapping[str, Any] | None
    never: frozenset[int]
    had: frozenset[int]
    required: tuple[tuple[str, Filter], ...]


def home_page(services: Services, request: Request, names: Sequence[ShelfName]) -> tuple[Shelf, ...]:
    """The shelves of these names, in this order; each has `request.n` products or says why not.

    Raises
    ------
    InvalidQuery, DependencyUnavailable : as `recommend` does.
    """
    request = replace(request, n=services.params.page.n if request.n is None else request.n)
    visitor = _visitor(services, request)
    shelves: list[Shelf] = []
    for name in dict.fromkeys(names):
        for shelf in _shelves(services, request, visitor, name):
            shelves.append(shelf)
            request = replace(request, taken=request.taken | {item.product_id for item in shelf.slate.items})
    return tuple(shelves)


def _visitor(services: Services, request: Request) -> _Visitor:
    with services.database.session() as session:
        excluded = product_ids(session, request.tenant, request.exclude).values() if request.exclude else ()
        past, preferences = no_history(), None
        if request.user or request.session:
            limit = services.params.history.limit
            past = history(session, request.tenant, user=request.user, session_id=request.session, limit=limit)
        if request.user:
            user = find_user(session, request.tenant, request.user)
            preferences = user.preferences if user else None
    assignment = assigned(services, request)
    never, had = past.hidden.union(excluded), seen(past, assignment.surface.exclude_types)
    return _Visitor(assignment, past, preferences, never, had, rules_for(services, request, assignment).required)


def _shelves(services: Services, request: Request, visitor: _Visitor, name: ShelfName) -> Iterator[Shelf]:
    request = replace(request, shelf=name)
    if name == "for_you":
        yield Shelf(name, None, recommend(services, request))
        return
    taken = request.taken
    for source in shelf_lists(services, request.tenant, visitor.past, visitor.preferences, name):
        slate = _from_list(services, replace(request, taken=taken), visitor, source)
        services.record(request, slate)
        yield Shelf(name, source.category, slate)
        taken |= {item.product_id for item in slate.items}


def _from_list(services: Services, request: Request, visitor: _Visitor, source: ShelfList) -> Slate:
    """The first products of a list that may be shown; chance has no part in it."""
    n, assignment = request.n or 0, visitor.assignment
    never = request.taken | visitor.never | (frozenset() if source.again else visitor.had)
    wanted = Wanted(request.tenant, request.filter, never, assignment.surface.in_stock_only, visitor.required)
    found = first_eligible(services.database, source.top.ids, wanted, n)
    ids, scores = source.top.ids[found.places].tolist(), source.top.scores[found.places].tolist()
    items = tuple(
        RankedItem(product, rank, score, {source.source: score}, 1.0, source.source, source.level)
        for rank, (product, score) in enumerate(zip(ids, scores, strict=True), 1)
    )
    rules = [label for label, _ in visitor.required]
    why = shortfall(len(items), n, found.dropped, rules) if len(source.top.ids) else source.why_empty
    trace = Trace({source.source: len(source.top.ids)}, found.dropped, (), {})
    return Slate(
        request.request_id, request.surface, assignment.label, None, source.level, None, items, {}, why, trace,
        assignment.arms,
    )  # fmt: skip
