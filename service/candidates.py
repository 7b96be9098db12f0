"""Steps 3 to 5, retrieve, fuse and filter: the best candidates that may be shown, as many as are needed."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from config.params import Retrieval
from config.surface import Surface
from service.complete import completed
from service.core.columns import Columns
from service.core.filters import Filter, HasId, Match, all_of
from service.core.types import Ids
from service.rank import fuse
from service.ranking.eligibility import EXCLUDED, why_not
from service.ranking.fuse import Fused
from service.retrieve import Questions, Retrieved, retrieve
from service.stopwatch import Stopwatch
from service.store.database import Database
from service.store.serving import ServingRow
from service.store.serving_columns import RowReader
from service.store.vectors import VectorStore
from service.variants import VariantRules, groups_of, spare_variants


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request may be answered with.

    Attributes
    ----------
    filter : of the request. never : internal ids it must not show.
    required : label of a business rule -> what every product must meet. pinned : internal ids that a rule has put in a
        slot: they stay candidates however far down they are.
    variants : what makes products variants of one, of which only the best is shown; None shows them all.
    beside : internal ids that are shown beside this list: none of their variants is shown either.
    """

    tenant: str
    filter: Filter | None
    never: frozenset[int]
    in_stock_only: bool
    required: tuple[tuple[str, Filter], ...] = ()
    pinned: frozenset[int] = frozenset()
    variants: VariantRules | None = None
    beside: frozenset[int] = frozenset()

    @property
    def standing(self) -> frozenset[int]:
        """The products that stand for their variants in any case."""
        return self.beside | self.pinned

    def in_index(self) -> Filter | None:
        """All of it as a filter for the vector store."""
        return all_of(
            Match("tenant", (self.tenant,)),
            self.filter,
            Filter(must_not=(HasId(self.never),)) if self.never else None,
            Match("visible", (True,)),
            Match("in_stock", (True,)) if self.in_stock_only else None,
            *(condition for _, condition in self.required),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Eligible:
    """The first products of a list that may be shown.

    Attributes
    ----------
    places : int64, where in the list they stand, ascending. looked_at : how many of the list had to be read for that.
    rows : product id -> what the database says of it. dropped : product id -> why it may not be shown.
    """

    places: Ids
    looked_at: int
    rows: Mapping[int, ServingRow]
    dropped: Mapping[int, str]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What retrieval proposes, fused, and what the database says of the best of it now.

    Attributes
    ----------
    fused : the best that may be shown, at most the surface's pool. rest : ids too far down to be looked at.
    rows : product id -> what the database says of it. dropped : product id -> why it may not be shown.
    """

    retrieved: Retrieved
    fused: Fused
    rest: Ids
    rows: Mapping[int, ServingRow]
    dropped: Mapping[int, str]


def gather(
    database: Database,
    store: VectorStore,
    questions: Questions,
    wanted: Wanted,
    n: int,
    surface: Surface,
    retrieval: Retrieval,
    watch: Stopwatch,
) -> Candidates:
    """The best candidates of all signals together, checked against the database.

    The cheap conditions go into the Qdrant filters; what still proves ineligible was changed a moment ago. When that
    leaves fewer than `n`, longer lists are asked for until there are enough or no more.
    """
    indexed = wanted.in_index()
    limit = max(surface.candidates, n)
    while True:
        with watch.step("retrieve"):
            retrieved = retrieve(store, questions, limit, indexed, retrieval.ef)
            is_exhausted = all(len(hits.ids) < limit for hits in retrieved.lists.values())
            if surface.complete:
                retrieved = completed(store, questions, retrieved, indexed)
        with watch.step("fuse"):
            fused = fuse(retrieved.lists, surface)
        with watch.step("filter"):
            found = first_eligible(database, fused.ids, wanted, max(surface.pool, n))
        if len(found.places) >= n or is_exhausted or limit >= retrieval.max_candidates:
            rest = np.arange(found.looked_at, len(fused.ids))
            is_pinned = np.isin(fused.ids[rest], list(wanted.pinned))
            places = np.concatenate([found.places, rest[is_pinned]])
            return Candidates(retrieved, fused.take(places), fused.ids[rest[~is_pinned]], found.rows, found.dropped)
        limit = min(limit * retrieval.growth, retrieval.max_candidates)


def first_eligible(database: Database, ids: Ids, wanted: Wanted, most: int) -> Eligible:
    """The first `most` of `ids` int64[C] that may be shown; reading all of them would cost more than all the rest."""
    rows: dict[int, ServingRow] = {}
    dropped: dict[int, str] = {}
    start = 0
    free = np.array([place for place, one in enumerate(ids.tolist()) if one not in wanted.never], np.int64)
    taken: dict[Hashable, int] = {}
    while start < len(ids) and (missing := most - (start - len(dropped))) > 0:
        some = ids[start : _behind(free, start, missing, len(ids))].tolist()
        allowed = [product for product in some if product not in wanted.never]
        read, names = _read(database, wanted, allowed)
        rows |= read
        dropped |= why_not(allowed, rows, wanted.filter, in_stock_only=wanted.in_stock_only)
        if wanted.required:
            dropped |= forbidden([rows[product] for product in allowed if product not in dropped], wanted.required)
        dropped |= dict.fromkeys(wanted.never.intersection(some), EXCLUDED)
        if wanted.variants is not None:
            standing = [product for product in wanted.standing if product in read]
            out = wanted.standing | dropped.keys()
            best = [*standing, *(product for product in allowed if product not in out)]
            groups = groups_of([rows[product] for product in best], names, wanted.variants)
            dropped |= spare_variants(best, groups, taken, wanted.standing)
        start += len(some)
    places = np.array([place for place, i in enumerate(ids[:start].tolist()) if i not in dropped], np.int64)
    return Eligible(places, start, rows, dropped)


def _behind(free: Ids, start: int, wanted: int, end: int) -> int:
    """The place behind the first `wanted` free ones from `start` on: what is ruled out anyway costs no round trip."""
    last = int(np.searchsorted(free, start)) + wanted - 1
    return int(free[last]) + 1 if last < len(free) else end


def _read(database: Database, wanted: Wanted, ids: Sequence[int]) -> tuple[dict[int, ServingRow], dict[int, str]]:
    """Rows, and where variants are told apart names too, also those of the products that stand for their variants."""
    if wanted.variants is None:
        return {product: one.row for product, one in database.products(wanted.tenant, ids).items()}, {}
    found = database.products(wanted.tenant, wanted.standing.union(ids))
    return {product: one.row for product, one in found.items()}, {product: one.name for product, one in found.items()}


def forbidden(rows: Sequence[ServingRow], required: Sequence[tuple[str, Filter]]) -> dict[int, str]:
    """Those among `rows` that a business rule leaves out, each with the label of the first rule that does."""
    if not rows or not required:
        return {}
    ids = np.array([row.id for row in rows], np.int64)
    columns = Columns(ids, RowReader(rows))
    found: dict[int, str] = {}
    for label, condition in reversed(required):
        found |= dict.fromkeys(ids[~columns.mask(condition)].tolist(), label)
    return found
