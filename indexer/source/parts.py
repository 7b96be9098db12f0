"""The two kinds of tables: products, and what buyers did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import Session

from config.source import Source
from indexer.load.clean import Context
from indexer.source.items import Items, Kind, event_id, to_event
from indexer.source.marks import Newest, find_newest
from indexer.source.part import Taken, batches
from indexer.source.products import read_product
from indexer.source.tables import ShopTable
from indexer.source.writes import Put
from service.core.types import Interaction, Product
from service.store.catalog import Outcome, delete_products, upsert_products
from service.store.event_rows import refusal
from service.store.events import EventStatus, record_events
from service.store.source_rows import (
    count_events,
    count_source_products,
    event_ids,
    known_events,
    source_products,
    withdraw_events,
)


@dataclass(frozen=True, slots=True)
class ProductPart:
    """The shop's products; what is gone from its table is deleted from our catalogue.

    Attributes
    ----------
    ours : to read with.
    """

    shop: Connection
    ours: Session
    source: Source
    table: ShopTable
    context: Context

    def newest(self) -> Newest | None:
        """See `Part`."""
        names = [*self.table.present(self.source.times), self.source.products.id]
        return find_newest(self.shop, self.table.clause, {name: self.table[name] for name in names})

    def surplus(self) -> int:
        """See `Part`."""
        return self.table.count(self.shop) - count_source_products(self.ours, self.context.tenant)

    def take_since(self, column: str, value: object, taken: Taken, put: Put) -> None:
        """See `Part`."""
        known = source_products(self.ours, self.context.tenant)
        for rows in batches(self.shop, select(self.table.clause).where(self.table[column] >= value), self.source.batch):
            self._take(rows, known, taken, put)

    def compare(self, taken: Taken, put: Put) -> None:
        """See `Part`. A table without any row is one that is being filled: nothing is deleted because of it."""
        known = source_products(self.ours, self.context.tenant)
        left = set(known)
        for rows in batches(self.shop, select(self.table.clause), self.source.batch):
            left -= self._take(rows, known, taken, put)
        if left and not taken.rows:
            taken.problem = f"the shop's table of products is empty: our {len(left)} products stay as they are"
        elif left:
            taken.withdrawn = len(left)
            put(len(left), lambda session: _delete(session, self.context.tenant, left))

    def _take(self, rows: Sequence[Any], known: set[str], taken: Taken, put: Put) -> set[str]:
        taken.rows += len(rows)
        products = []
        seen = set()
        for row in rows:
            verdict = read_product(row._mapping, self.source, self.context)
            seen.add(verdict.external_id)
            if verdict.product is None:
                taken.refuse(f"product {verdict.external_id!r}: {', '.join(note.reason for note in verdict.notes)}")
                continue
            products.append(verdict.product)
            taken.fresh += verdict.external_id not in known
        if products:
            put(len(products), partial(_upsert, products, taken))
        return seen


@dataclass(frozen=True, slots=True)
class ItemPart:
    """One kind of what buyers did; a row that is gone from its table is taken back, as the shop itself forgot it.

    Attributes
    ----------
    ours : to read with.
    """

    shop: Connection
    ours: Session
    source: Source
    kind: Kind
    items: Items
    tenant: str
    now: datetime

    def newest(self) -> Newest | None:
        """See `Part`."""
        return find_newest(self.shop, self.items.rows, self.items.changing)

    def surplus(self) -> int:
        """See `Part`."""
        return self.items.count(self.shop) - count_events(self.ours, self.tenant, self.kind.prefix)

    def take_since(self, column: str, value: object, taken: Taken, put: Put) -> None:
        """See `Part`."""
        query = self.items.select(self.items.changing[column] >= value)
        for rows in batches(self.shop, query, self.source.batch):
            ids = [event_id(self.kind, row) for row in rows]
            self._take(rows, ids, known_events(self.ours, self.tenant, ids), taken, put)

    def compare(self, taken: Taken, put: Put) -> None:
        """See `Part`."""
        left = event_ids(self.ours, self.tenant, self.kind.prefix)
        for rows in batches(self.shop, self.items.select(), self.source.batch):
            ids = [event_id(self.kind, row) for row in rows]
            self._take(rows, ids, left, taken, put)
            left.difference_update(ids)
        if left:
            taken.withdrawn = len(left)
            put(len(left), lambda session: _withdraw(session, self.tenant, left))

    def _take(self, rows: Sequence[Any], ids: Sequence[str], known: set[str], taken: Taken, put: Put) -> None:
        taken.rows += len(rows)
        events = []
        for row, each in zip(rows, ids, strict=True):
            if each in known:
                continue
            event = to_event(self.kind, row, each, self.tenant, self.now)
            if (why := refusal(event)) is not None:
                taken.refuse(why)
            else:
                events.append(event)
        taken.fresh += len(events)
        if events:
            put(len(events), partial(_record, events, taken, self.now))


def _upsert(products: list[Product], taken: Taken, session: Session) -> None:
    outcomes = upsert_products(session, products)
    taken.added += outcomes.count(Outcome.CREATED)
    taken.changed += outcomes.count(Outcome.UPDATED)


def _record(events: list[Interaction], taken: Taken, now: datetime, session: Session) -> None:
    outcomes = record_events(session, events, unknown_products="keep", now=now)
    taken.added += sum(outcome.status is EventStatus.RECORDED for outcome in outcomes)


def _delete(session: Session, tenant: str, ids: set[str]) -> None:
    delete_products(session, tenant, sorted(ids))


def _withdraw(session: Session, tenant: str, ids: set[str]) -> None:
    withdraw_events(session, tenant, ids)
