"""Step 3, retrieve: ask every signal, one batched round trip per collection, within a deadline."""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from service.core.errors import DependencyUnavailable, RecommenderError
from service.core.filters import Filter
from service.core.types import Query, Vector
from service.signals import SIGNALS, Encoders, Signal
from service.store.vectors import Hits, VectorQuery, VectorStore

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Questions:
    """What each signal looks for; `degraded` says which failed and why. Silent signals are in neither."""

    vectors: Mapping[str, Vector]
    degraded: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Each signal's list, best first, and which signals failed."""

    lists: Mapping[str, Hits]
    degraded: Mapping[str, str]


def ask(query: Query, weights: Mapping[str, float], encoders: Encoders, deadline_ms: int) -> Questions:
    """Every switched-on signal's vector; a signal with weight 0 costs nothing.

    A signal fails soft: it is logged and named in `degraded`. Signals are asked in order of weight, so that it is the
    least important ones that miss the deadline.
    """
    start = time.monotonic()
    vectors: dict[str, Vector] = {}
    degraded: dict[str, str] = {}
    for name in sorted((n for n, weight in weights.items() if weight), key=lambda n: -weights[n]):
        if vectors and (time.monotonic() - start) * 1000 > deadline_ms:
            degraded[name] = "deadline"
            continue
        try:
            vector = SIGNALS[name].vector(query, encoders)
        except Exception as error:  # one broken encoder must not take the feed down  # noqa: BLE001
            degraded[name] = _reason(name, error)
        else:
            if vector is not None:
                vectors[name] = vector
    return Questions(vectors, degraded)


def retrieve(store: VectorStore, questions: Questions, limit: int, filter: Filter | None, ef: int) -> Retrieved:
    """The `limit` best eligible products of every signal.

    Raises
    ------
    DependencyUnavailable : no collection answered.
    """
    by_collection: dict[str, list[Signal]] = defaultdict(list)
    for name in questions.vectors:
        by_collection[SIGNALS[name].collection].append(SIGNALS[name])
    lists: dict[str, Hits] = {}
    degraded = dict(questions.degraded)
    for collection, signals in by_collection.items():
        queries = [VectorQuery(s.slot, questions.vectors[s.name], limit, filter, ef=ef) for s in signals]
        try:
            found = store.search(collection, queries)
        except Exception as error:  # noqa: BLE001  as above: the other collections may still answer
            degraded |= {signal.name: _reason(signal.name, error) for signal in signals}
        else:
            lists |= {signal.name: hits for signal, hits in zip(signals, found, strict=True)}
    if degraded and not lists:
        reasons = "; ".join(f"{name}: {why}" for name, why in degraded.items())
        raise DependencyUnavailable(f"no signal could answer ({reasons}); try again shortly")
    return Retrieved(lists, degraded)


def _reason(signal: str, error: Exception) -> str:
    log.warning("signal_failed", signal=signal, error=str(error), exc_info=not isinstance(error, RecommenderError))
    return error.code if isinstance(error, RecommenderError) else "error"
