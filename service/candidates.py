"""Steps 3 and 4, retrieve and filter: candidates that may be shown, enough of them while there are any."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.params import Retrieval, Surface
from service.core.filters import Filter, Match, all_of
from service.ranking.eligibility import why_not
from service.retrieve import Questions, Retrieved, retrieve
from service.stopwatch import Stopwatch
from service.store.database import Database
from service.store.serving import serving_payload, serving_rows
from service.store.vectors import VectorStore


@dataclass(frozen=True, slots=True)
class Candidates:
    """What retrieval proposes, and what the database says of it now.

    Attributes
    ----------
    payloads : product id -> its fields. dropped : product id -> why it may not be shown.
    """

    retrieved: Retrieved
    payloads: Mapping[int, Mapping[str, Any]]
    dropped: Mapping[int, str]


def gather(
    database: Database,
    store: VectorStore,
    questions: Questions,
    wanted: Filter | None,
    n: int,
    surface: Surface,
    retrieval: Retrieval,
    watch: Stopwatch,
) -> Candidates:
    """Candidates of every signal, checked against the database.

    The cheap conditions go into the Qdrant filters; what still proves ineligible was changed a moment ago. When that
    leaves fewer than `n`, longer lists are asked for until there are enough or no more.
    """
    in_stock = Match("in_stock", (True,)) if surface.in_stock_only else None
    indexed = all_of(wanted, Match("visible", (True,)), in_stock)
    limit = max(surface.candidates, n)
    while True:
        with watch.step("retrieve"):
            retrieved = retrieve(store, questions, limit, indexed, retrieval.ef)
        with watch.step("filter"):
            ids = sorted({i for hits in retrieved.lists.values() for i in hits.ids.tolist()})
            with database.session() as session:
                payloads = {i: serving_payload(row) for i, row in serving_rows(session, ids).items()}
            dropped = why_not(ids, payloads, wanted, in_stock_only=surface.in_stock_only)
        is_exhausted = all(len(hits.ids) < limit for hits in retrieved.lists.values())
        if len(ids) - len(dropped) >= n or is_exhausted or limit >= retrieval.max_candidates:
            return Candidates(retrieved, payloads, dropped)
        limit = min(limit * retrieval.growth, retrieval.max_candidates)
