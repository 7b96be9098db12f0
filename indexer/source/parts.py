"""The two kinds of tables: products, and what buyers did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
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
from service.store.catalog import Outcome, delete_products, upsert_products
from service.store.events import EventStatus, record_events
from service.store.source_rows import (
    count_events,
    count_source_products,
    event_ids,
    source_products,
    withdraw_events,
)


@dataclass(frozen=True, slots=True)
class ProductPart:
    """The shop's products; what is gone from its table is deleted from our catalogue."""

    shop: Connection
    session: Session
    source: Source
    table: ShopTable
    context: Context

    def newest(self) -> Newest | None:
        """See `Part`."""
        names = [*self.table.present(self.source.times), self.source.products.id]
        return find_newest(self.shop, self.table.clause, {name: self.table[name] for name in names})

    def surplus(self) -> int:
        """See `Part`."""
        return self.table.count(self.shop) - count_source_products(self.session, self.context.tenant)

    def take_since(self, column: str, value: object, taken: Taken) -> None:
        """See `Part`."""
        for rows in batches(self.shop, select(self.table.clause).where(self.table[column] >= value), self.source.batch):
            self._write(rows, taken)

    def compare(self, taken: Taken) -> None:
        """See `Part`. A table without any row is one that is being filled: nothing is deleted because of it."""
        left = source_products(self.session, self.context.tenant)
        for rows in batches(self.shop, select(self.table.clause), self.source.batch):
            left -= self._write(rows, taken)
        if taken.rows:
            delete_products(self.session, self.context.tenant, sorted(left))
            taken.withdrawn += len(left)
        elif left:
            taken.problem = f"the shop's table of products is empty: our {len(left)} products stay as they are"

    def _write(self, rows: Sequence[Any], taken: Taken) -> set[str]:
        taken.rows += len(rows)
        verdicts = [read_product(row._mapping, self.source, self.context) for row in rows]
        for verdict in verdicts:
            if verdict.product is None:
                taken.refuse(f"product {verdict.external_id!r}: {', '.join(note.reason for note in verdict.notes)}")
        outcomes = upsert_products(self.session, [each.product for each in verdicts if each.product is not None])
        taken.added += outcomes.count(Outcome.CREATED)
        taken.changed += outcomes.count(Outcome.UPDATED)
        return {verdict.external_id for verdict in verdicts}


@dataclass(frozen=True, slots=True)
class ItemPart:
    """One kind of what buyers did; a row that is gone from its table is taken back, as the shop itself forgot it."""

    shop: Connection
    session: Session
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
        return self.items.count(self.shop) - count_events(self.session, self.tenant, self.kind.prefix)

    def take_since(self, column: str, value: object, taken: Taken) -> None:
        """See `Part`."""
        query = self.items.select(self.items.changing[column] >= value)
        for rows in batches(self.shop, query, self.source.batch):
            taken.rows += len(rows)
            self._record(rows, taken)

    def compare(self, taken: Taken) -> None:
        """See `Part`."""
        left = event_ids(self.session, self.tenant, self.kind.prefix)
        for rows in batches(self.shop, self.items.select(), self.source.batch):
            taken.rows += len(rows)
            ids = [event_id(self.kind, row) for row in rows]
            self._record([row for row, each in zip(rows, ids, strict=True) if each not in left], taken)
            left.difference_update(ids)
        taken.withdrawn += withdraw_events(self.session, self.tenant, left)

    def _record(self, rows: Sequence[Any], taken: Taken) -> None:
        events = [to_event(self.kind, row, self.tenant, self.now) for row in rows]
        for outcome in record_events(self.session, events, unknown_products="keep", now=self.now):
            if outcome.status is EventStatus.REFUSED:
                taken.refuse(outcome.reason or "")
            else:
                taken.added += outcome.status is EventStatus.RECORDED
