"""Steps 3 to 5 as a request goes through them: what is asked, what pins demand, and less where nothing answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from config.surface import Surface
from service.candidates import Candidates, Wanted, first_eligible, gather
from service.complete import completed
from service.context import Request, Services
from service.core.filters import Filter, HasId, all_of
from service.core.types import Ids
from service.hydrate import Hydrated
from service.pins import Pinned, look_at_pins
from service.rank import fuse
from service.ranking.fuse import Fused
from service.retrieve import Retrieved, ask, first_of
from service.rules_for import Ruled
from service.stopwatch import Stopwatch
from service.store.serving import ServingRow
from service.store.vectors import Hits
from service.variants import variant_rules
from service.words.relax import IN_SLATES, Asked, as_asked, is_answered, lowered, only_demands, steps


@dataclass(frozen=True, eq=False)
class Found:
    """What a request may choose from.

    Attributes
    ----------
    known, surface : as they are after the words were relaxed, if they had to be. ruled : the rules it falls under.
    """

    known: Hydrated
    surface: Surface
    ruled: Ruled
    candidates: Candidates
    pinned: Pinned

    @cached_property
    def rows(self) -> Mapping[int, ServingRow]:
        """Product id -> what the database says of it, of candidates and pinned products."""
        return {**self.candidates.rows, **self.pinned.rows}


def look(
    services: Services, request: Request, known: Hydrated, ruled: Ruled, surface: Surface, n: int, watch: Stopwatch
) -> Found:
    """Retrieve, fuse and filter; again with less asked for where nothing answers the words of a search."""
    with watch.step("retrieve"):
        questions = ask(known.query, surface.weights, services.encoders, services.params.retrieval.deadline_ms)
    asked = as_asked(services, known, surface, questions)
    found = look_for(services, request, asked, ruled, n, watch)
    if not request.may_relax or known.understood is None or _is_answer(services, request, found):
        return found
    for step in steps(known.understood, IN_SLATES, words_answered=True):
        instead = lowered(services, request, asked, step)
        tried = look_for(services, request, instead, ruled, n, watch) if instead else found
        if step.kind == "asked" and _is_answer(services, request, tried):
            return tried
        if instead and step.kind != "asked" and len(tried.candidates.fused.ids):
            return tried
    return found


def _is_answer(services: Services, request: Request, found: Found) -> bool:
    understood, candidates = found.known.understood, found.candidates
    if understood is None or only_demands(understood) or not len(candidates.fused.ids):
        return False
    return is_answered(services, request, understood, candidates.retrieved.lists)


def look_for(
    services: Services, request: Request, asked: Asked, ruled: Ruled, n: int, watch: Stopwatch,
    among: Filter | None = None,
) -> Found:  # fmt: skip
    """Retrieve, fuse and filter what is asked for.

    Parameters
    ----------
    among : what products must meet beside the filter of the request.
    """
    params, surface = services.params, ruled.widened(asked.surface, services.params.rules.pool)
    wanted, pinned = _wanted(services, request, asked, ruled, n, watch, among)
    candidates = gather(services.database, services.store, asked.questions, wanted, n, surface, params.retrieval, watch)
    return Found(asked.known, asked.surface, ruled, candidates, pinned)


def look_among(
    services: Services, request: Request, asked: Asked, ruled: Ruled, n: int, watch: Stopwatch,
    matched: Ids, retrieved: Retrieved,
) -> Found:  # fmt: skip
    """Fuse and filter what was retrieved already, and leave the products that match; in the order of `look`.

    Parameters
    ----------
    matched : int64[C], internal ids of products that match and may be shown. retrieved : lists under the same filter,
        as long as they were needed to say so.
    """
    surface = ruled.widened(asked.surface, services.params.rules.pool)
    only = Filter(must=(HasId(frozenset(matched.tolist())),))
    wanted, pinned = _wanted(services, request, asked, ruled, n, watch, only)
    searched = replace(wanted, filter=asked.known.within(request.filter)).in_index()
    complete = partial(completed, services.store, asked.questions, filter=searched) if surface.complete else None
    with watch.step("fuse"):
        lists, fused = _fused(retrieved, surface, matched, n, services.params.retrieval.growth, complete)
        matching = fused.take(np.flatnonzero(np.isin(fused.ids, matched)))
    with watch.step("filter"):
        # that they pass the filter was read from the database a moment ago
        checked = replace(wanted, filter=None)
        found = first_eligible(services.database, matching.ids, checked, max(surface.pool, n))
    places = np.concatenate([found.places, _pinned_from(matching.ids, found.looked_at, wanted.pinned)])
    rest = np.setdiff1d(fused.ids, [*matching.ids[places].tolist(), *found.dropped])
    candidates = Candidates(replace(retrieved, lists=lists), matching.take(places), rest, found.rows, found.dropped)
    return Found(asked.known, asked.surface, ruled, candidates, pinned)


def _fused(
    retrieved: Retrieved, surface: Surface, matched: Ids, n: int, growth: int,
    complete: Callable[[Retrieved], Retrieved] | None,
) -> tuple[Mapping[str, Hits], Fused]:  # fmt: skip
    """The lists as long as a slate's and what they make, or longer where that leaves too few."""
    limit, longest = max(surface.candidates, n), max((len(hits.ids) for hits in retrieved.lists.values()), default=0)
    while True:
        short = Retrieved({name: first_of(hits, limit) for name, hits in retrieved.lists.items()}, {})
        lists = complete(short).lists if complete else short.lists
        fused = fuse(lists, surface)
        if limit >= longest or np.count_nonzero(np.isin(fused.ids, matched)) >= min(n, len(matched)):
            return lists, fused
        limit *= growth


def _pinned_from(ids: Ids, start: int, pinned: frozenset[int]) -> Ids:
    """Places of pinned products among those that were not looked at."""
    return start + np.flatnonzero(np.isin(ids[start:], list(pinned)))


def _wanted(
    services: Services, request: Request, asked: Asked, ruled: Ruled, n: int, watch: Stopwatch, among: Filter | None
) -> tuple[Wanted, Pinned]:
    """What products must meet, and which of the pinned ones do."""
    known, surface = asked.known, asked.surface
    condition = all_of(known.within(request.filter), among)
    wanted = Wanted(request.tenant, condition, known.excluded | request.taken, surface.in_stock_only, ruled.required)
    if surface.one_per_group:
        anchor = known.query.anchor
        beside = request.taken | ({anchor.product_id} if anchor else frozenset())
        wanted = replace(wanted, variants=variant_rules(services.params), beside=beside)
    with watch.step("filter"):
        pinned = look_at_pins(services.database, ruled.places, wanted, n)
    return replace(wanted, pinned=frozenset(pinned.rows)), pinned
