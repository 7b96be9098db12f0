"""What matches a search under its filter, counted in one go; with less asked for where nothing does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from config.surface import Surface
from service.context import Request, Services
from service.core.facets import Facet, shape, without
from service.core.filters import Filter
from service.core.types import Ids
from service.hydrate import Hydrated
from service.matching import Matched, Matching
from service.retrieve import Retrieved, ask
from service.stopwatch import Stopwatch
from service.store.row_counts import count_rows
from service.words.relax import IN_LISTS, Asked, as_asked, is_answered, lowered, steps


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What was asked for, what matches it and passes the filter, the lists that say so, and the counts of facets."""

    asked: Asked
    matching: Matching
    matched: Matched
    retrieved: Retrieved
    facets: Mapping[str, Facet]


class Counting:
    """Counts what one request matches.

    Parameters
    ----------
    n : products of a page. everywhere : what every product must meet, the filter of the request aside.
    """

    def __init__(
        self, services: Services, request: Request, known: Hydrated, surface: Surface, n: int,
        everywhere: Filter | None, watch: Stopwatch,
    ) -> None:  # fmt: skip
        self._services, self._request, self._known, self._surface = services, request, known, surface
        self._n, self._everywhere, self._watch = n, everywhere, watch

    def first(self, facets: Sequence[str]) -> Counted:
        """What matches, and the counts of facets; what is shown instead where nothing does."""
        asked = self.asked()
        found = self._counted(asked, facets)
        if not self._request.may_relax or self._known.understood is None:
            return found
        return self._relaxed(asked, found, facets)

    def asked(self) -> Asked:
        """What the request looks for."""
        services = self._services
        with self._watch.step("encode"):
            deadline_ms = services.params.retrieval.deadline_ms
            questions = ask(self._known.query, self._surface.weights, services.encoders, deadline_ms)
        return as_asked(services, self._known, self._surface, questions)

    def matching(self, asked: Asked) -> Matching:
        """What matches it."""
        retrieval, understood = self._services.params.retrieval, self._known.understood
        named = understood.exact if understood and asked.step.kind == "asked" else ()
        with self._watch.step("retrieve"):
            return Matching(
                self._services.store, asked.questions, asked.lines, self._everywhere,
                limit=max(self._surface.candidates, self._n), ef=retrieval.ef, named=named,
            )  # fmt: skip

    def _counted(self, asked: Asked, facets: Sequence[str]) -> Counted:
        """What matches under the filter, and the counts of facets, each without its own part of the filter."""
        matching, wanted = self.matching(asked), asked.known.within(self._request.filter)
        wider = {name: without(wanted, name) for name in facets}
        with self._watch.step("retrieve"):
            found = {condition: matching.within(condition) for condition in {wanted, *wider.values()}}
            retrieved = matching.retrieved(wanted)
        with self._watch.step("count"):
            ids = _all_ids(found.values())
            rows = count_rows(self._services.database, self._request.tenant, ids, facets, self._everywhere, found)
            masks = {one: rows.mask(one, None if len(found) == 1 else found[one].ids) for one in found}
            counted = {
                name: replace(shape(name, rows.counts(name, masks[one])), is_at_least=not found[one].is_complete)
                for name, one in wider.items()
            }
            matched = found[wanted].only(rows.ids(masks[wanted]))
        return Counted(asked, matching, matched, retrieved, counted)

    def _relaxed(self, asked: Asked, found: Counted, facets: Sequence[str]) -> Counted:
        """The same if it answers the words, else the first step down that finds something."""
        understood, everything = found.asked.known.understood, found.matching.retrieved(None).lists
        if understood is None:
            return found
        has_answer = is_answered(self._services, self._request, understood, everything)
        if has_answer and len(found.matched.ids):
            return found
        for step in steps(understood, IN_LISTS, words_answered=has_answer):
            instead = lowered(self._services, self._request, asked, step)
            tried = self._counted(instead, facets) if instead else found
            if instead and len(tried.matched.ids):
                return tried
        return found


def _all_ids(found: Iterable[Matched]) -> Ids:
    lists = [one.ids for one in found]
    return lists[0] if len(lists) == 1 else np.unique(np.concatenate(lists))
