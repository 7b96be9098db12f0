"""Prove that SQL and Qdrant agree, or repair: two streams in id order, compared as they pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.store.database import Database
from service.store.outbox import IndexedRow, all_indexed, known_ids, mark_stale
from service.store.spaces import PRODUCTS
from service.store.vectors import Record, VectorStore

_PAGE = 2000


@dataclass(frozen=True, slots=True)
class CheckReport:
    """How SQL and the index compare.

    Attributes
    ----------
    products : live rows. points : points in the index. pending : rows waiting in the outbox, which is no fault.
    missing : rows said to be indexed without a point. outdated : points that differ from their row.
    orphans : points without a row.
    """

    products: int
    points: int
    pending: int
    missing: tuple[int, ...]
    outdated: tuple[int, ...]
    orphans: tuple[int, ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing had to be repaired."""
        return not (self.missing or self.outdated or self.orphans)


def check_index(database: Database, store: VectorStore) -> CheckReport:
    """Compare every row with its point and every point with its row; changes nothing.

    Notes
    -----
    Others may go on writing and indexing meanwhile: what looks wrong is looked at twice, and counts if it still is.
    """
    products = pending = 0
    faults: dict[int, str] = {}
    for page in _pages(database):
        products += sum(not row.deleted for row in page)
        pending += sum(row.stale for row in page)
        if suspects := _faults(page, store):
            again = _faults(_page(database, after=page[0].id - 1), store)
            faults |= {id: fault for id, fault in again.items() if id in suspects}
    ids = [record.id for record in store.scroll(PRODUCTS)]
    orphans = store.retrieve(PRODUCTS, list(_unknown(database, ids)))
    return CheckReport(
        products,
        len(ids),
        pending,
        tuple(id for id, fault in faults.items() if fault == "missing"),
        tuple(id for id, fault in faults.items() if fault == "outdated"),
        tuple(sorted(orphans)),
    )


def repair_index(database: Database, store: VectorStore, report: CheckReport) -> None:
    """Remove orphans and put missing and outdated products back into the outbox."""
    if report.orphans:
        store.delete(PRODUCTS, report.orphans)
    wrong: Sequence[int] = (*report.missing, *report.outdated)
    if wrong:
        with database.session() as session:
            mark_stale(session, wrong)


def _faults(page: Sequence[IndexedRow], store: VectorStore) -> dict[int, str]:
    """Product id -> what is wrong with its point; rows that wait in the outbox may differ."""
    settled = [row for row in page if not row.stale]
    points = store.retrieve(PRODUCTS, [row.id for row in settled], payload=("payload_hash", "vectors_hash"))
    faults = {row.id: "missing" for row in settled if row.id not in points}
    return faults | {row.id: "outdated" for row in settled if row.id in points and not _same(row, points[row.id])}


def _same(row: IndexedRow, record: Record) -> bool:
    return (
        record.payload.get("payload_hash") == row.payload_hash
        and record.payload.get("vectors_hash") == row.indexed_hash
        # the vectors are of these very words, see `ProductEncoders.vectors_hash`
        and (row.indexed_hash or "").startswith(f"{row.content_hash}:")
    )


def _unknown(database: Database, ids: Sequence[int]) -> Iterator[int]:
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE]
        with database.session() as session:
            known = known_ids(session, page)
        yield from (id for id in page if id not in known)


def _pages(database: Database) -> Iterator[Sequence[IndexedRow]]:
    after = 0
    while True:
        page = _page(database, after)
        if not page:
            return
        yield page
        after = page[-1].id


def _page(database: Database, after: int) -> Sequence[IndexedRow]:
    with database.session() as session:
        return all_indexed(session, after_id=after, limit=_PAGE)
