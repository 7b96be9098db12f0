"""The outbox: which products the index still has to embed, rewrite or drop."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from sqlalchemy import and_, bindparam, delete, func, select, update
from sqlmodel import Session

from service.core.types import Product
from service.store.product_rows import PRODUCT_COLUMNS, to_stored
from service.store.sql_values import one_of
from service.store.tables import PRODUCT


@dataclass(frozen=True, slots=True)
class StaleProduct:
    """A product the index has to look at: drop it, embed it, or (if `indexed_hash` still fits) rewrite its payload."""

    id: int
    product: Product
    content_hash: str
    payload_hash: str
    indexed_hash: str | None
    deleted: bool


@dataclass(frozen=True, slots=True)
class IndexedRow:
    """What the index should hold about one product, for comparing the two."""

    id: int
    external_id: str
    content_hash: str
    payload_hash: str
    indexed_hash: str | None
    deleted: bool
    stale: bool


def stale_ids(session: Session, *, limit: int, after_id: int = 0, up_to_id: int | None = None) -> list[int]:
    """The next products the index has to look at, by ascending id."""
    query = select(PRODUCT.c.id).where(PRODUCT.c.stale, PRODUCT.c.id > after_id).order_by(PRODUCT.c.id).limit(limit)
    if up_to_id is not None:
        query = query.where(PRODUCT.c.id <= up_to_id)
    return list(session.connection().execute(query).scalars())


def stale_span(session: Session) -> tuple[int, int] | None:
    """The first and the last of them; None where there is none."""
    query = select(func.min(PRODUCT.c.id), func.max(PRODUCT.c.id)).where(PRODUCT.c.stale)
    first, last = session.connection().execute(query).one()
    return None if first is None else (first, last)


def take_stale(
    session: Session, *, limit: int, after_id: int = 0, ids: Sequence[int] | None = None
) -> list[StaleProduct]:
    """The same with what is to be indexed.

    Parameters
    ----------
    ids : of these only.
    """
    hashes = (PRODUCT.c.content_hash, PRODUCT.c.payload_hash, PRODUCT.c.indexed_hash, PRODUCT.c.deleted_at)
    query = (
        select(*PRODUCT_COLUMNS, *hashes)
        .where(PRODUCT.c.stale, PRODUCT.c.id > after_id)
        .order_by(PRODUCT.c.id)
        .limit(limit)
    )
    if ids is not None:
        query = query.where(one_of(PRODUCT.c.id, ids))
    return [
        StaleProduct(
            row.id, to_stored(row).product, row.content_hash, row.payload_hash, row.indexed_hash,
            row.deleted_at is not None,
        )
        for row in session.connection().execute(query)
    ]  # fmt: skip


def count_stale(session: Session) -> int:
    """How many products the index has to look at."""
    return int(session.connection().execute(select(func.count()).where(PRODUCT.c.stale)).scalar_one())


def mark_indexed(session: Session, done: Iterable[tuple[int, str, str, str | None]]) -> None:
    """Record what the index now holds.

    A product that changed or was deleted meanwhile is stale, even if another indexer just marked it clean: this one's
    point may have been written last. What its vectors were made from is recorded all the same: if it changes back,
    they must not be taken for the ones before.

    Parameters
    ----------
    done : (id, content hash and payload hash as they were taken, hash of what the vectors were made from).
    """
    names = ("row_id", "content", "payload", "indexed")
    is_as_taken = and_(
        PRODUCT.c.content_hash == bindparam("content"),
        PRODUCT.c.payload_hash == bindparam("payload"),
        PRODUCT.c.deleted_at.is_(None),
    )
    rows = [dict(zip(names, entry, strict=True)) for entry in sorted(done, key=itemgetter(0))]
    if rows:
        session.connection().execute(
            update(PRODUCT)
            .where(PRODUCT.c.id == bindparam("row_id"))
            .values(indexed_hash=bindparam("indexed"), stale=~is_as_taken),
            rows,
        )


def drop_deleted(session: Session, ids: Sequence[int]) -> None:
    """Remove the rows of products that are still deleted; one that came back to life meanwhile stays."""
    session.connection().execute(delete(PRODUCT).where(one_of(PRODUCT.c.id, ids), PRODUCT.c.deleted_at.is_not(None)))


def mark_all_stale(session: Session, *, forget_vectors: bool) -> None:
    """Have the index look at everything again; with `forget_vectors` embed everything again too."""
    forgotten = {"indexed_hash": None} if forget_vectors else {}
    session.connection().execute(update(PRODUCT).values(stale=True, **forgotten))


def is_anything_indexed(session: Session) -> bool:
    """Whether the index should hold any product."""
    query = select(PRODUCT.c.id).where(PRODUCT.c.stale.is_(False), PRODUCT.c.deleted_at.is_(None)).limit(1)
    return session.connection().execute(query).first() is not None


def mark_stale(session: Session, ids: Sequence[int]) -> None:
    """Have the index embed and write these products again, whatever it holds of them."""
    session.connection().execute(update(PRODUCT).where(one_of(PRODUCT.c.id, ids)).values(stale=True, indexed_hash=None))


def known_ids(session: Session, ids: Sequence[int]) -> set[int]:
    """Which of these keys belong to a product, deleted or not; a point with any other key is an orphan."""
    return set(session.connection().execute(select(PRODUCT.c.id).where(one_of(PRODUCT.c.id, ids))).scalars())


def all_indexed(session: Session, after_id: int, limit: int) -> list[IndexedRow]:
    """What the index should hold, by ascending id after `after_id`, deleted products included."""
    hashes = (PRODUCT.c.content_hash, PRODUCT.c.payload_hash, PRODUCT.c.indexed_hash)
    query = (
        select(PRODUCT.c.id, PRODUCT.c.external_id, *hashes, PRODUCT.c.deleted_at.is_not(None), PRODUCT.c.stale)
        .where(PRODUCT.c.id > after_id)
        .order_by(PRODUCT.c.id)
        .limit(limit)
    )
    return [IndexedRow(*row) for row in session.connection().execute(query)]


def has_other_vectors(session: Session, fingerprint: str) -> bool:
    """Whether any product's vectors were made by other encoders than those with this fingerprint."""
    query = (
        select(PRODUCT.c.id)
        .where(PRODUCT.c.indexed_hash.is_not(None), PRODUCT.c.indexed_hash.not_like(f"%:{fingerprint}"))
        .limit(1)
    )
    return session.connection().execute(query).first() is not None
