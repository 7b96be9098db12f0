"""Which products match a query: a set to count, sort and page through; ranking itself knows only nearer and farther.

Every product is more or less near to any query, so a line is drawn: a product matches if one of the signals of the
query's own words and pictures scores it at least a stated share of that signal's best score in the whole shop, and by
meaning not below ``[search] floor``: nonsense matches nothing. The filter has no part in that line. What passes a
narrower filter is so always a part of what passes a wider one, and counts fit together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from config.search import Search
from service.core.filters import Filter, all_of
from service.core.types import Ids
from service.retrieve import Questions, Retrieved, retrieve
from service.store.vector_ties import NOTHING
from service.store.vectors import Hits, VectorStore

# most queries match fewer; a thousand take the engine twice as long (50,000 products, measured)
_FEW = 500
MAX_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """What a signal's score must reach: a share of its best in the whole shop, and `least`; more than 0 unless that is.

    Attributes
    ----------
    most : products that are looked at.
    """

    share: float
    most: int
    least: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """Products that match.

    Attributes
    ----------
    ids : int64[C], ascending. nearness : float64[C], how near each comes to the best, up to 1.
    sources : int64[C], which of `signals` says so. is_complete : no signal could have found more.
    """

    ids: Ids
    nearness: NDArray[np.float64]
    sources: Ids
    signals: tuple[str, ...]
    is_complete: bool

    def only(self, ids: Ids) -> "Matched":
        """These of them."""
        kept = np.isin(self.ids, ids)
        return Matched(self.ids[kept], self.nearness[kept], self.sources[kept], self.signals, self.is_complete)

    def best_first(self) -> Ids:
        """The ids, nearest first."""
        return self.ids[np.lexsort((self.ids, -self.nearness))]

    def said_of(self, ids: Iterable[int]) -> list[tuple[int, float, str]]:
        """Of each of these products its nearness and the signal that says so."""
        wanted = np.fromiter(ids, np.int64)
        found = zip(wanted.tolist(), np.searchsorted(self.ids, wanted).tolist(), strict=True)
        return [(one, float(self.nearness[place]), self.signals[self.sources[place]]) for one, place in found]


class Matching:
    """The products of one query under any filter; the store is asked once for each.

    Parameters
    ----------
    questions : what each signal looks for. lines : of the signals that say what matches.
    everywhere : what every product must meet, the filter of the request aside.
    limit : products looked at by the signals that only rank. ef : breadth of the graph search.
    named : internal ids of products that the query names outright.
    """

    def __init__(
        self, store: VectorStore, questions: Questions, lines: Mapping[str, Line], everywhere: Filter | None, *,
        limit: int, ef: int, named: Iterable[int] = (),
    ) -> None:  # fmt: skip
        self._store, self._questions, self._lines = store, questions, lines
        self._everywhere, self._limit, self._ef = everywhere, limit, ef
        self._named = np.unique(np.fromiter(named, np.int64))
        self._known: dict[Filter | None, Retrieved] = {}
        first = self._ask(self._questions, None)
        best = {name: float(hits.scores[0]) for name, hits in first.lists.items() if name in lines and len(hits.ids)}
        if "text" in best and best["text"] < lines["text"].least and "lexical" not in best:
            best.pop("image", None)  # pictures have neighbours for nonsense too, at no lesser score
        self._best = best
        self._known[None] = self._completed(first, None)
        self._all = self._matched(self._known[None])

    def retrieved(self, wanted: Filter | None) -> Retrieved:
        """Every signal's best under a filter, matching or not."""
        if wanted not in self._known:
            self._known[wanted] = self._completed(self._ask(self._questions, wanted), wanted)
        return self._known[wanted]

    def _ask(self, questions: Questions, wanted: Filter | None, most: int | None = None) -> Retrieved:
        """The best `most` of each list; without a number few, cut anywhere: where that matters more is asked for."""
        more = {name: min(line.most, most or _FEW) for name, line in self._lines.items()}
        cut = {name for name, line in self._lines.items() if self._limit <= more[name] < line.most}
        indexed = all_of(self._everywhere, wanted)
        return retrieve(self._store, questions, self._limit, indexed, self._ef, more, cuts_ties=cut)

    def _completed(self, found: Retrieved, wanted: Filter | None) -> Retrieved:
        """With the whole lists of those signals that would have found more that matches."""
        short = {
            name: self._questions.vectors[name]
            for name, best in self._best.items()
            if name in self._questions.vectors and _goes_on(found.lists.get(name, NOTHING), self._lines[name], best)
        }
        if not short:
            return found
        again = self._ask(replace(self._questions, vectors=short, ready={}, degraded={}), wanted, MAX_MOST)
        return Retrieved({**found.lists, **again.lists}, {**found.degraded, **again.degraded})

    def within(self, wanted: Filter | None) -> Matched:
        """At least those products that match under a filter; the filter must be applied to them still."""
        if self._all.is_complete or wanted is None:
            return self._all
        return self._matched(self.retrieved(wanted))

    def _matched(self, found: Retrieved) -> Matched:
        none = np.zeros(len(self._named), np.int64)
        ids, sources = [self._named], [none]
        nearness: list[NDArray[np.floating]] = [np.ones(len(none))]
        is_complete = not any(name in self._lines for name in found.degraded)
        for number, (name, best) in enumerate(self._best.items(), 1):
            hits, line = found.lists.get(name, NOTHING), self._lines[name]
            passed = _passed(hits, line, best)
            is_complete = is_complete and (name in self._questions.ready or passed < line.most)
            ids.append(hits.ids[:passed])
            nearness.append(hits.scores[:passed] / best if best > 0 else np.ones(passed))
            sources.append(np.full(passed, number))
        signals = ("lexical", *self._best)
        return _united(np.concatenate(ids), np.concatenate(nearness), np.concatenate(sources), signals, is_complete)


def lines_of(params: Search) -> dict[str, Line]:
    """The lines as configured."""
    return {
        str(name): Line(share, params.match_most[name], params.floor if name == "text" else 0.0)
        for name, share in params.match_shares.items()
    }


def _goes_on(hits: Hits, line: Line, best: float) -> bool:
    """Whether a list was cut where products still match."""
    return _FEW <= len(hits.ids) < line.most and _passed(hits, line, best) == len(hits.ids)


def _passed(hits: Hits, line: Line, best: float) -> int:
    least = max(line.share * best, line.least)
    passes = hits.scores[: line.most] >= least
    return int(np.count_nonzero(passes & (hits.scores[: line.most] > 0) if line.least >= 0 else passes))


def _united(
    ids: Ids, nearness: NDArray[np.float64], sources: Ids, names: tuple[str, ...], is_complete: bool
) -> Matched:
    """Each product once, by the signal that it is nearest to."""
    order = np.lexsort((sources, -nearness, ids))
    found, first = np.unique(ids[order], return_index=True)
    return Matched(found, nearness[order][first], sources[order][first], names, is_complete)
