"""Step 3, retrieve: ask every signal, one batched round trip per collection, within a deadline."""

import time
from collections import defaultdict
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import structlog

from service.core.errors import DependencyUnavailable, RecommenderError
from service.core.filters import Filter
from service.core.types import Floats, Ids, Query, Vector
from service.signals import SIGNALS, Encoders
from service.signals.signal import Open
from service.store.spaces import PRODUCTS
from service.store.vectors import Hits, VectorQuery, VectorStore

log = structlog.get_logger()


class NoSignal(DependencyUnavailable):
    """No signal could answer; `degraded` says of each why."""

    def __init__(self, degraded: Mapping[str, str]) -> None:
        reasons = "; ".join(f"{name}: {why}" for name, why in degraded.items())
        super().__init__(f"no signal could answer ({reasons}); try again shortly")
        self.degraded = degraded


@dataclass(frozen=True, slots=True)
class Questions:
    """What each signal looks for, and ready lists of those that need not look.

    Attributes
    ----------
    vectors : signal -> collection and vector. ready : signal -> list.
    degraded : signal -> why it failed. Silent signals are nowhere.
    open : signal of a ready list -> the scores of any other products.
    avoids : something is not wanted either; what scores 0 or less is then no answer.
    """

    vectors: Mapping[str, tuple[str, Vector]]
    ready: Mapping[str, Hits]
    degraded: Mapping[str, str]
    avoids: bool = False
    open: Mapping[str, Callable[[Ids], Floats]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Each signal's list, best first, where `complete` is on with all candidates; and which signals failed."""

    lists: Mapping[str, Hits]
    degraded: Mapping[str, str]


def ask(query: Query, weights: Mapping[str, float], encoders: Encoders, deadline_ms: int) -> Questions:
    """Every switched-on signal's question; a signal with weight 0 costs nothing.

    A signal fails soft: it is logged and named in `degraded`. Signals are asked in order of weight, so that it is the
    least important ones that miss the deadline.
    """
    start = time.monotonic()
    vectors: dict[str, tuple[str, Vector]] = {}
    ready: dict[str, Hits] = {}
    open_: dict[str, Callable[[Ids], Floats]] = {}
    degraded: dict[str, str] = {}
    for name in sorted((n for n, weight in weights.items() if weight), key=lambda n: -weights[n]):
        collection = query.behaviour if SIGNALS[name].space == "behaviour" else PRODUCTS
        if collection is None:
            continue
        if vectors and (time.monotonic() - start) * 1000 > deadline_ms:
            degraded[name] = "deadline"
            continue
        try:
            asked = SIGNALS[name].ask(query, encoders)
        except Exception as error:  # noqa: BLE001  one broken encoder must not take the feed down
            degraded[name] = _reason(name, error)
        else:
            if isinstance(asked, Hits):
                ready[name] = asked
            elif isinstance(asked, Open):
                ready[name], open_[name] = asked.hits, asked.of
            elif asked is not None:
                vectors[name] = (collection, asked)
    return Questions(vectors, ready, degraded, any(weight < 0 for _, weight in query.terms), open_)


def retrieve(
    store: VectorStore, questions: Questions, limit: int, filter: Filter | None, ef: int,
    more: Mapping[str, int] = MappingProxyType({}), *,
    cuts_ties: Container[str] = (),
) -> Retrieved:  # fmt: skip
    """The `limit` best eligible products of every signal.

    Parameters
    ----------
    more : signal -> another limit. cuts_ties : signals of whose list it does not matter with which of
        equal scores it ends.

    Raises
    ------
    NoSignal : none answered.
    """
    limits = dict.fromkeys((*questions.vectors, *questions.ready), limit) | dict(more)
    lists = {name: first_of(hits, limits[name]) for name, hits in questions.ready.items()}
    found, failed = search_for(
        store,
        questions.vectors,
        lambda name, vector: VectorQuery(
            SIGNALS[name].slot, vector, limits[name], filter, ef=ef, cuts_ties=name in cuts_ties
        ),
    )
    lists |= {name: _wanted(hits) for name, hits in found.items()} if questions.avoids else found
    degraded = {**questions.degraded, **failed}
    if degraded and not lists:
        raise NoSignal(degraded)
    return Retrieved(lists, degraded)


def search_for(
    store: VectorStore, asked: Mapping[str, tuple[str, Vector]], query: Callable[[str, Vector], VectorQuery]
) -> tuple[dict[str, Hits], dict[str, str]]:
    """Each signal's list, in one round trip per collection; and which signals failed, each with why.

    Parameters
    ----------
    asked : signal -> collection and vector. query : what to ask of it, by signal and vector.
    """
    by_collection: dict[str, list[str]] = defaultdict(list)
    for name, (collection, _) in asked.items():
        by_collection[collection].append(name)
    lists: dict[str, Hits] = {}
    failed: dict[str, str] = {}
    for collection, names in by_collection.items():
        try:
            found = store.search(collection, [query(name, asked[name][1]) for name in names])
        except Exception as error:  # noqa: BLE001  the other collections may still answer
            failed |= {name: _reason(name, error) for name in names}
        else:
            lists |= dict(zip(names, found, strict=True))
    return lists, failed


def first_of(hits: Hits, limit: int) -> Hits:
    """The best `limit` of a list."""
    return Hits(hits.ids[:limit], hits.scores[:limit])


def _wanted(hits: Hits) -> Hits:
    wanted = hits.scores > 0
    return Hits(hits.ids[wanted], hits.scores[wanted])


def _reason(signal: str, error: Exception) -> str:
    log.warning("signal_failed", signal=signal, error=str(error), exc_info=not isinstance(error, RecommenderError))
    return error.code if isinstance(error, RecommenderError) else "error"
