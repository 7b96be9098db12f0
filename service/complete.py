"""Between steps 3 and 4, complete: what every signal says of the candidates that others proposed."""

from collections.abc import Mapping, Sequence

import numpy as np

from service.core.errors import DependencyUnavailable, NotFound
from service.core.filters import Filter, HasId, all_of
from service.core.types import Floats, Ids
from service.retrieve import Questions, Retrieved, search_for
from service.signals import SIGNALS
from service.store.spaces import PRODUCTS, SPARSE_SLOTS
from service.store.vectors import Hits, VectorQuery, VectorStore


def completed(store: VectorStore, questions: Questions, retrieved: Retrieved, filter: Filter | None) -> Retrieved:
    """The same lists, each with every candidate that any of them has, at the score its own signal gives it.

    Vectors are compared by the engine, exactly, in one round trip per collection; a signal that scores by itself does.
    Where words, weights between products or a ready list know nothing of a candidate, its score is 0, as their sum over
    nothing is. Only a product without a vector to compare, as one without a picture, stays out of that list. What does
    not pass the filter is in no list: a best seller that is sold out must not be the measure of those that can be
    bought.

    Parameters
    ----------
    filter : the lists were retrieved under. A signal that says nothing of any candidate has an empty list.
    """
    ids = _candidates(store, questions, retrieved.lists, filter)
    if not len(ids):
        return retrieved
    among = _only(ids)  # all of them have passed the filter
    asked = {name: question for name, question in questions.vectors.items() if name in retrieved.lists}
    found, failed = search_for(
        store, asked, lambda name, vector: VectorQuery(SIGNALS[name].slot, vector, len(ids), among, exact=True)
    )
    ready = {name: _among(hits, ids) for name, hits in questions.ready.items() if name in retrieved.lists}
    ready |= {name: _best_first(ids, score(ids)) for name, score in questions.open.items() if name in retrieved.lists}
    lists = {**retrieved.lists, **found, **ready}
    return Retrieved(
        {name: _with_zeros(hits, ids) if name in ready or _is_sparse(name) else hits for name, hits in lists.items()},
        {**retrieved.degraded, **failed},
    )


def _candidates(store: VectorStore, questions: Questions, lists: Mapping[str, Hits], filter: Filter | None) -> Ids:
    """All that any list has and that passes the filter; ready lists were not asked with it."""
    ready = _union([hits for name, hits in lists.items() if name in questions.ready])
    found = _union([hits for name, hits in lists.items() if name not in questions.ready])
    if filter is not None and len(unsure := np.setdiff1d(ready, found)):
        ready = _passing(store, unsure, filter)
    return np.union1d(found, ready)


def _passing(store: VectorStore, ids: Ids, filter: Filter) -> Ids:
    try:
        records = list(store.scroll(PRODUCTS, filter=all_of(_only(ids), filter), batch=len(ids)))
    except (DependencyUnavailable, NotFound):  # ready lists answer without it; SQL says later what may be shown
        return ids
    return np.array([record.id for record in records], np.int64)


def _union(lists: Sequence[Hits]) -> Ids:
    return np.unique(np.concatenate([np.empty(0, np.int64), *(hits.ids for hits in lists)]))


def _only(ids: Ids) -> Filter:
    return Filter(must=(HasId(frozenset(ids.tolist())),))


def _among(hits: Hits, ids: Ids) -> Hits:
    here = np.isin(hits.ids, ids)
    return Hits(hits.ids[here], hits.scores[here])


def _is_sparse(signal: str) -> bool:
    return SIGNALS[signal].slot in SPARSE_SLOTS


def _with_zeros(hits: Hits, ids: Ids) -> Hits:
    """The list with all other `ids` int64[C] at 0; best first, equal ones by id."""
    if not hits.scores.any():
        return hits
    others = np.setdiff1d(ids, hits.ids)
    scores = np.concatenate([hits.scores, np.zeros(len(others), np.float32)])
    return _best_first(np.concatenate([hits.ids, others]), scores)


def _best_first(ids: Ids, scores: Floats) -> Hits:
    order = np.lexsort((ids, -scores))
    return Hits(ids[order], scores[order])
