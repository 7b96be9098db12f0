"""Work off the outbox: products that changed in SQL are embedded and written to Qdrant.

A row stays in the outbox until its point is written, and leaves it only if it has not changed meanwhile. So a run may
be killed at any moment and the next one completes it: points are keyed by product id, so none is ever there twice.
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
from service.store.database import Database
from service.store.outbox import StaleProduct, drop_deleted, mark_indexed, take_stale
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
    newcomers : adds what is new to them.
    """

    database: Database
    store: VectorStore
    encoders: ProductEncoders
    make_pictures: Callable[[], PictureSource]
    batch: int
    also: Callable[[], Sequence[str]] = tuple
    newcomers: Newcomers | None = None


def index_stale(
    outbox: Outbox, *, on_progress: Callable[[int], None] | None = None, stop: Event | None = None
) -> SyncReport:
    """Bring every changed product up to date in the index.

    Parameters
    ----------
    on_progress : called with the number of products just brought up to date, after they are written.
    stop : set it to end after the batch in work.

    Raises
    ------
    DependencyUnavailable : the database or Qdrant does not answer; what was not finished stays in the outbox.
    """
    start = time.monotonic()
    done: Counter[str] = Counter()
    pictures = outbox.make_pictures()
    try:
        for batch in _written_batches(outbox, pictures, stop or Event()):
            done.update(embedded=len(batch.points), updated=len(batch.payloads), deleted=len(batch.deleted))
            done.update(pictures=sum("image" in point.vectors for point in batch.points))
            if on_progress is not None:
                on_progress(len(batch.rows))
    finally:
        pictures.close()
    return SyncReport(**done, picture_problems=dict(pictures.problems), seconds=time.monotonic() - start)


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: Sequence[StaleProduct]
    points: Sequence[Point]
    payloads: Mapping[int, Mapping[str, object]]
    deleted: Sequence[int]


def _written_batches(outbox: Outbox, pictures: PictureSource, stop: Event) -> Iterator[_Batch]:
    """Embed and write batch after batch; yields each once it is written."""
    # writing a batch overlaps with embedding the next one: the encoder never waits for the disk
    with ThreadPoolExecutor(1, thread_name_prefix="index-writer") as writer:
        writing: Future[_Batch] | None = None
        after = 0
        while rows := _next_batch(outbox, after):
            after = rows[-1].id
            batch = _prepare(rows, outbox, pictures)
            give_back_memory()
            written = writing.result() if writing is not None else None
            writing = writer.submit(_write, outbox, batch)
            if written is not None:
                yield written
            if stop.is_set():
                break
        if writing is not None:
            yield writing.result()


def _next_batch(outbox: Outbox, after: int) -> list[StaleProduct]:
    with outbox.database.session() as session:
        return take_stale(session, limit=outbox.batch, after_id=after)


def _prepare(rows: Sequence[StaleProduct], outbox: Outbox, pictures: PictureSource) -> _Batch:
    encoders = outbox.encoders
    live = [row for row in rows if not row.deleted]
    changed = [row for row in live if row.indexed_hash != encoders.vectors_hash(row.content_hash)]
    same_vectors = [row for row in live if row.indexed_hash == encoders.vectors_hash(row.content_hash)]
    return _Batch(
        rows,
        product_points(changed, encoders, pictures) if changed else (),
        {row.id: payload(row, encoders) for row in same_vectors},
        [row.id for row in rows if row.deleted],
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
