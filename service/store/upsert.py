"""Storing many products in few statements, and knowing what that changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from service.core.types import Product
from service.store.product_rows import check_storable, row_values, utc_or_none
from service.store.sql_values import one_of
from service.store.tables import INTERACTION, PRODUCT

_KEY = ("tenant", "external_id")
# what a change of leaves the index as it is, but has to be written
_UNINDEXED = ("link", "price_minor", "original_price_minor")
_STATE = ("id", *_KEY, *_UNINDEXED, "content_hash", "payload_hash", "indexed_hash", "stale", "created_at", "deleted_at")


class Outcome(StrEnum):
    """What an upsert did to one product."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


def upsert_products(session: Session, products: Sequence[Product]) -> list[Outcome]:
    """Store products as given, replacing what has the same tenant and id.

    A product that says nothing new is not written at all and keeps its `updated_at`. A deleted one comes back to life
    and is embedded anew. Of several with the same id the last one wins. Without `created_at` the stored moment stays,
    or it is now. Interactions that were kept before their product came belong to it from now on.

    Returns
    -------
    list : one outcome per product, in the same order.

    Raises
    ------
    InvalidQuery : a product the database cannot hold; nothing is written.
    """
    for product in products:
        check_storable(product)
    lock_for_writing(session)
    now = datetime.now(UTC)
    stored = _stored_states(session, products)
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    outcomes = []
    for product in products:
        key = (product.tenant, product.external_id)
        before = latest.get(key) or stored.get(key)
        latest[key] = after = _next_state(product, before, now)
        outcomes.append(_outcome(before, after))
    changes = {key: _outcome(stored.get(key), after) for key, after in latest.items()}
    _write(session, [latest[key] for key, change in changes.items() if change is not Outcome.UNCHANGED])
    _adopt(session, [key for key, change in changes.items() if change is Outcome.CREATED])
    return outcomes


def lock_for_writing(session: Session) -> None:
    """Begin as a writer, so that what is read next cannot change before it is written.

    SQLite has one writer at a time, and refuses a reader that turns writer after someone else wrote: an update of
    nothing takes the lock first, waiting its turn. PostgreSQL locks the rows that are read for it.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.connection().execute(text("UPDATE product SET id = id WHERE 0"))


def _stored_states(session: Session, products: Sequence[Product]) -> dict[tuple[str, str], Mapping[str, Any]]:
    states: dict[tuple[str, str], Mapping[str, Any]] = {}
    for tenant, external_ids in _by_tenant((product.tenant, product.external_id) for product in products).items():
        query = (
            select(*(PRODUCT.c[name] for name in _STATE))
            .where(PRODUCT.c.tenant == tenant, one_of(PRODUCT.c.external_id, external_ids))
            .order_by(PRODUCT.c.id)  # every writer locks in the same order, so none waits for another in a circle
            .with_for_update()
        )
        for row in session.connection().execute(query):
            states[row.tenant, row.external_id] = row._asdict()
    return states


def _next_state(product: Product, before: Mapping[str, Any] | None, now: datetime) -> dict[str, Any]:
    created_at = utc_or_none(product.created_at) or (before["created_at"] if before else now)
    values = row_values(replace(product, created_at=created_at), created_at)
    values |= {"id": None, "indexed_hash": None, "stale": True, "updated_at": now, "deleted_at": None}
    if before is None:
        return values
    is_revived = before["deleted_at"] is not None
    return values | {
        "id": before["id"],
        # the index may have dropped the point already: embed it again
        "indexed_hash": None if is_revived else before["indexed_hash"],
        "stale": before["stale"] or is_revived or _differ(before, values, ("content_hash", "payload_hash")),
    }


def _outcome(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Outcome:
    if before is None or before["deleted_at"] is not None:
        return Outcome.CREATED
    is_changed = _differ(before, after, ("content_hash", "payload_hash", *_UNINDEXED))
    return Outcome.UPDATED if is_changed else Outcome.UNCHANGED


def _differ(before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str]) -> bool:
    return any(before[name] != after[name] for name in names)


def _write(session: Session, states: list[dict[str, Any]]) -> None:
    new = sorted((s for s in states if s["id"] is None), key=lambda s: (s["tenant"], s["external_id"]))
    changed = sorted((s for s in states if s["id"] is not None), key=lambda s: int(s["id"]))
    connection = session.connection()
    if new:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        statement = insert(PRODUCT)
        rows = [{name: value for name, value in state.items() if name != "id"} for state in new]
        # another process may have created the same product since we looked: the later one wins, as always
        taken = {
            name: statement.excluded[name] for name in rows[0] if name not in (*_KEY, "created_at", "indexed_hash")
        }
        connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=taken), rows)
    if changed:
        rows = [{name: value for name, value in state.items() if name not in ("id", *_KEY)} for state in changed]
        keys = [{"row_id": state["id"]} for state in changed]
        connection.execute(
            update(PRODUCT).where(PRODUCT.c.id == bindparam("row_id")),
            [row | key for row, key in zip(rows, keys, strict=True)],
        )


def _adopt(session: Session, new: Iterable[tuple[str, str]]) -> None:
    """Tell interactions of products that were unknown which ones they meant; one look into a small index for each."""
    interaction = INTERACTION.c
    product = select(PRODUCT.c.id).where(
        PRODUCT.c.tenant == interaction.tenant, PRODUCT.c.external_id == interaction.product_ref
    )
    for tenant, external_ids in _by_tenant(new).items():
        is_theirs = (interaction.tenant == tenant, one_of(interaction.product_ref, external_ids))
        session.connection().execute(
            update(INTERACTION)
            .where(*is_theirs, interaction.product_id.is_(None))
            .values(product_id=product.correlate(INTERACTION).scalar_subquery())
        )


def _by_tenant(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for tenant, external_id in sorted(keys):
        grouped.setdefault(tenant, []).append(external_id)
    return grouped
