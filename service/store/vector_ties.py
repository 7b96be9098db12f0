"""Equal scores in id order, whatever order the engine keeps its points in."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from service.core.types import SparseVector
from service.store.vectors import Hits, VectorQuery

# an engine cuts a run of equal scores in the order it happened to store the points; this many more hits are read to
# find the end of such a run
WIDER = 1000

NOTHING = Hits(np.empty(0, np.int64), np.empty(0, np.float32))

Ask = Callable[[Sequence[VectorQuery]], list[Hits]]


def search_with_ties(ask: Ask, queries: Sequence[VectorQuery]) -> list[Hits]:
    """Answer queries so that equal scores are ordered by id, also where the list is cut.

    Parameters
    ----------
    ask : one round trip to the engine.

    Notes
    -----
    One hit more than wanted is asked for. If it has the score of the last one wanted, the cut goes through a tie, and
    only those queries are asked again, twice as wide, and where the tie goes on there, `WIDER` hits wider still. Of a
    tie wider than that, the engine chooses the members.
    """
    found = dict.fromkeys(range(len(queries)), NOTHING)
    open_ = [i for i, query in enumerate(queries) if _can_have_hits(query)]
    for wider in (_one_more, _twice, _much_wider):
        _ask_for(ask, open_, queries, found, wider)
        open_ = [
            i
            for i in open_
            if not queries[i].cuts_ties and _ends_in_a_tie(found[i], queries[i].limit, wider(queries[i].limit))
        ]
    return [ordered(found[i], query.limit) for i, query in enumerate(queries)]


def ordered(hits: Hits, limit: int) -> Hits:
    """The best `limit` hits by score, then id.

    Examples
    --------
    >>> hits = ordered(Hits(np.array([9, 4, 7]), np.array([0.5, 0.5, 0.9], np.float32)), 2)
    >>> hits.ids.tolist()
    [7, 4]
    """
    order = np.lexsort((hits.ids, -hits.scores))[:limit]
    return Hits(hits.ids[order], hits.scores[order])


def _ends_in_a_tie(hits: Hits, limit: int, asked: int) -> bool:
    """Whether what was left out may have the score of the last hit wanted."""
    return len(hits.scores) >= asked > limit > 0 and bool(hits.scores[limit - 1] == hits.scores[-1])


def _ask_for(
    ask: Ask, which: list[int], queries: Sequence[VectorQuery], found: dict[int, Hits], limit: Callable[[int], int]
) -> None:
    if which:
        answers = ask([replace(queries[i], limit=limit(queries[i].limit)) for i in which])
        found.update(zip(which, answers, strict=True))


def _one_more(limit: int) -> int:
    return limit + 1


def _twice(limit: int) -> int:
    return 2 * limit + 1


def _much_wider(limit: int) -> int:
    return 2 * limit + WIDER


def _can_have_hits(query: VectorQuery) -> bool:
    """No engine likes to be asked for no hits, or with a vector that is zero everywhere."""
    return query.limit > 0 and not (isinstance(query.vector, SparseVector) and len(query.vector.indices) == 0)
