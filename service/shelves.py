"""A home page: several shelves in one answer, each from its own list, no product on it twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from config.surface import ShelfName
from service.candidates import Wanted, first_eligible
from service.context import Request, Services
from service.core.filters import Filter
from service.core.types import RankedItem, Shelf, Slate, Trace
from service.experiments import Assignment
from service.hydrate import Hydrated, hydrate
from service.pipeline import assigned, recommend
from service.rules_for import rules_for
from service.shelf_lists import ShelfList, shelf_lists
from service.slate import shortfall
from service.variants import variant_rules


@dataclass(frozen=True, slots=True)
class _Visitor:
    """Who looks at the page.

    Attributes
    ----------
    required : label of a business rule -> what every product must meet.
    """

    assignment: Assignment
    known: Hydrated
    required: tuple[tuple[str, Filter], ...]


def home_page(
    services: Services, request: Request, names: Sequence[ShelfName], known: Hydrated | None = None
) -> tuple[Shelf, ...]:
    """The shelves of these names, in this order; each has `request.n` products or says why not.

    Parameters
    ----------
    known : what `hydrate` found for it, if that was done already.

    Raises
    ------
    InvalidQuery, DependencyUnavailable : as `recommend` does.
    """
    request = replace(request, n=services.params.page.n if request.n is None else request.n)
    visitor = _visitor(services, request, known)
    shelves: list[Shelf] = []
    for name in dict.fromkeys(names):
        for shelf in _shelves(services, request, visitor, name):
            shelves.append(shelf)
            request = replace(request, taken=request.taken | {item.product_id for item in shelf.slate.items})
    return tuple(shelves)


def _visitor(services: Services, request: Request, known: Hydrated | None) -> _Visitor:
    assignment = assigned(services, request)
    known = known or hydrate(services, request, assignment.surface, assignment.release)
    return _Visitor(assignment, known, rules_for(services, request, assignment, known.query).required)


def _shelves(services: Services, request: Request, visitor: _Visitor, name: ShelfName) -> Iterator[Shelf]:
    request = replace(request, shelf=name)
    if name == "for_you":
        yield Shelf(name, None, recommend(services, request, visitor.known))
        return
    taken, known = request.taken, visitor.known
    for source in shelf_lists(services, request.tenant, known.history, known.preferences, name):
        slate = _from_list(services, replace(request, taken=taken), visitor, source)
        services.record(request, slate)
        yield Shelf(name, source.category, slate)
        taken |= {item.product_id for item in slate.items}


def _from_list(services: Services, request: Request, visitor: _Visitor, source: ShelfList) -> Slate:
    """The first products of a list that may be shown; chance has no part in it."""
    n, assignment = request.n or 0, visitor.assignment
    never = request.taken | (visitor.known.banned if source.again else visitor.known.excluded)
    wanted = Wanted(request.tenant, request.filter, never, assignment.surface.in_stock_only, visitor.required)
    if assignment.surface.one_per_group:
        wanted = replace(wanted, variants=variant_rules(services.params), beside=request.taken)
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
        assignment.arms, unknown=visitor.known.unknown,
    )  # fmt: skip
