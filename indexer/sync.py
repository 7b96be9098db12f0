"""Work off the outbox: products that changed in SQL are embedded and written to Qdrant.

A row stays in the outbox until its point is written, and leaves it only if it has not changed meanwhile. So a run may
be killed at any moment and the next one completes it: points are keyed by product id, so none is ever there twice.
Several workers share the work: each claims the products it takes, see `service.store.claims`.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

from indexer.embed import ProductEncoders, payload, product_points
from indexer.memory import give_back_memory
from indexer.picture_source import PictureSource
from indexer.release.newcomers import Newcomers
from service.core.errors import NotFound
from service.store.claims import Claims, open_claims
from service.store.database import Database
from service.store.outbox import StaleProduct, drop_deleted, mark_indexed, stale_ids, take_stale
from service.store.spaces import PRODUCTS, release_of
from service.store.vectors import Point, VectorStore


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one run did.

    Attributes
    ----------
    embedded : products whose vectors were made. updated : only the payload was written (price, stock …).
    deleted : points removed. pictures : image vectors made. picture_problems : reason -> pictures skipped.
    """

    embedded: int = 0
    updated: int = 0
    deleted: int = 0
    pictures: int = 0
    picture_problems: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def total(self) -> int:
        """Products brought up to date."""
        return self.embedded + self.updated + self.deleted


@dataclass(frozen=True, slots=True)
class Outbox:
    """Where changed products come from and where their points go.

    Parameters
    ----------
    also : collections of releases that hold products too: they are told of changes, and of what is deleted.
    newcomers : adds what is new to them. refill : has everything embedded again where the index has been emptied, as
        of a server that came back without its disk; says whether it had been.
    """

    database: Database
    store: VectorStore
    encoders: ProductEncoders
    make_pictures: Callable[[], PictureSource]
    batch: int
    also: Callable[[], Sequence[str]] = tuple
    newcomers: Newcomers | None = None
    refill: Callable[[], bool] | None = None


def index_stale(
    outbox: Outbox,
    *,
    on_progress: Callable[[int], None] | None = None,
    stop: Event | None = None,
    within: range | None = None,
) -> SyncReport:
    """Bring every changed product up to date in the index, but those that another worker has in hand.

    Parameters
    ----------
    on_progress : called with the number of products just brought up to date, after they are written.
    stop : set it to end after the batch in work.
    within : only products whose ids are in it; all if None.

    Raises
    ------
    DependencyUnavailable : the database or Qdrant does not answer; what was not finished stays in the outbox.
    """
    start = time.monotonic()
    done: Counter[str] = Counter()
    pictures = outbox.make_pictures()
    try:
        for batch in _written_batches(outbox, pictures, stop or Event(), within):
            done.update(embedded=len(batch.points), updated=len(batch.payloads), deleted=len(batch.deleted))
            done.update(pictures=sum("image" in point.vectors for point in batch.points))
            if on_progress is not None:
                on_progress(len(batch.rows))
    finally:
        pictures.close()
    return SyncReport(**done, picture_problems=dict(pictures.problems), seconds=time.monotonic() - start)


@dataclass(frozen=True, slots=True)
class _Taken:
    """Products in hand; `claimed` holds those, too, that another worker had finished by then."""

    rows: Sequence[StaleProduct]
    claimed: Sequence[Sequence[int]]
    last_id: int


@dataclass(frozen=True, slots=True)
class _Batch:
    taken: _Taken
    points: Sequence[Point]
    payloads: Mapping[int, Mapping[str, object]]
    deleted: Sequence[int]

    @property
    def rows(self) -> Sequence[StaleProduct]:
        """What was taken."""
        return self.taken.rows


def _written_batches(outbox: Outbox, pictures: PictureSource, stop: Event, within: range | None) -> Iterator[_Batch]:
    """Embed and write batch after batch; yields each once it is written and given back."""
    # writing a batch overlaps with embedding the next one: the encoder never waits for the disk
    with open_claims(outbox.database) as claims, ThreadPoolExecutor(1, thread_name_prefix="index-writer") as writer:
        writing: Future[_Batch] | None = None
        after, last = (0, None) if within is None else (within.start - 1, within.stop - 1)
        while (taken := _next_batch(outbox, claims, after, last)).rows:
            after = taken.last_id
            batch = _prepare(taken, outbox, pictures)
            give_back_memory()
            written = _finished(writing, claims) if writing is not None else None
            writing = writer.submit(_write, outbox, batch)
            if written is not None:
                yield written
            if stop.is_set():
                break
        if writing is not None:
            yield _finished(writing, claims)


def _finished(writing: "Future[_Batch]", claims: Claims) -> _Batch:
    batch = writing.result()
    for ids in batch.taken.claimed:
        claims.give_back(ids)
    return batch


def _next_batch(outbox: Outbox, claims: Claims, after: int, last: int | None) -> _Taken:
    """A full batch of what nobody else has in hand; no rows where that is nothing."""
    rows: list[StaleProduct] = []
    claimed: list[list[int]] = []
    while room := outbox.batch - len(rows):
        with outbox.database.session() as session:
            waiting = stale_ids(session, limit=room, after_id=after, up_to_id=last)
        if not waiting:
            break
        after = waiting[-1]
        if not (mine := claims.take(waiting)):
            continue
        claimed.append(mine)
        # read when they are in hand: another may have finished them a moment ago
        with outbox.database.session() as session:
            rows += take_stale(session, limit=room, ids=mine)
    return _Taken(rows, claimed, after)


def _prepare(taken: _Taken, outbox: Outbox, pictures: PictureSource) -> _Batch:
    encoders = outbox.encoders
    live = [row for row in taken.rows if not row.deleted]
    changed = [row for row in live if row.indexed_hash != encoders.vectors_hash(row.content_hash)]
    same_vectors = [row for row in live if row.indexed_hash == encoders.vectors_hash(row.content_hash)]
    return _Batch(
        taken,
        product_points(changed, encoders, pictures) if changed else (),
        {row.id: payload(row, encoders) for row in same_vectors},
        [row.id for row in taken.rows if row.deleted],
    )


def _write(outbox: Outbox, batch: _Batch) -> _Batch:
    if batch.points:
        outbox.store.upsert(PRODUCTS, batch.points)
    if batch.payloads:
        outbox.store.set_payload(PRODUCTS, batch.payloads)
    if batch.deleted:
        outbox.store.delete(PRODUCTS, batch.deleted)
    for collection in outbox.also():
        _tell(outbox.store, collection, batch)
        if outbox.newcomers is not None and (release := release_of(collection)) is not None:
            embedded = [point.id for point in batch.points]
            outbox.newcomers.add(release, [*embedded, *batch.payloads], changed=embedded)
    with outbox.database.session() as session:
        mark_indexed(
            session,
            [
                (row.id, row.content_hash, row.payload_hash, outbox.encoders.vectors_hash(row.content_hash))
                for row in batch.rows
                if not row.deleted
            ],
        )
        drop_deleted(session, batch.deleted)
    return batch


def _tell(store: VectorStore, collection: str, batch: _Batch) -> None:
    """Bring the payloads of another collection up to date; it need not hold all products."""
    try:
        store.set_payload(collection, {point.id: point.payload for point in batch.points} | dict(batch.payloads))
        store.delete(collection, batch.deleted)
    except NotFound:
        return  # dropped since it was named
