"""Orders, carts and wishlists of the shop as interactions, each with an id that follows from its row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select
from sqlalchemy.sql.selectable import FromClause

from config.source import Source, SourceItems
from indexer.load.times import read_time
from indexer.source.tables import ShopTable, shop_table
from service.core.types import EventType, Interaction

PREFIX = "source-"
_BYTES = 12
_MADE, _CHANGED = "createdAt", "updatedAt"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of interactions.

    Attributes
    ----------
    name : of its table in ``[source]``. type : what it is to us.
    """

    name: str
    type: EventType

    @property
    def prefix(self) -> str:
        """What the event ids of this kind begin with."""
        return f"{PREFIX}{self.name}-"


KINDS = (
    Kind("orders", EventType.PURCHASE),
    Kind("carts", EventType.CART),
    Kind("wishlists", EventType.WISHLIST),
)


@dataclass(frozen=True, slots=True)
class Items:
    """One kind of interactions as it stands in the shop's database.

    Attributes
    ----------
    rows : the table with its parent. usable : which rows have a buyer and a product.
    fields : row_id, buyer, product, and times, the one that says best when it happened first.
    changing : columns that may tell what is new.
    """

    rows: FromClause
    usable: ColumnElement[bool]
    fields: tuple[ColumnElement[Any], ...]
    changing: dict[str, ColumnElement[Any]]

    def count(self, connection: Connection) -> int:
        """How many rows are usable."""
        query = select(func.count()).select_from(self.rows).where(self.usable)
        return int(connection.execute(query).scalar_one())

    def select(self, since: ColumnElement[bool] | None = None) -> Select[Any]:
        """The usable rows."""
        query = select(*self.fields).select_from(self.rows).where(self.usable)
        return query if since is None else query.where(since)


def find_items(connection: Connection, source: Source, stated: SourceItems, schema: str | None) -> Items:
    """The tables as they are.

    Raises
    ------
    ConfigurationError : a table or column is not there.
    """
    own = [stated.product, *([stated.id] if stated.id else []), stated.link if stated.parent else stated.buyer]
    items = shop_table(connection, stated.table, schema, own)
    rows: FromClause = items.clause
    known: list[ShopTable] = [items]
    if stated.parent:
        parent = shop_table(connection, stated.parent, schema, [stated.parent_id, stated.buyer])
        rows = items.clause.join(parent.clause, items[stated.link] == parent[stated.parent_id])
        known.append(parent)
    buyer, product = known[-1][stated.buyer], items[stated.product]
    row_id = [items[stated.id].label("row_id")] if stated.id else []
    return Items(
        rows,
        buyer.is_not(None) & product.is_not(None),
        (buyer.label("buyer"), product.label("product"), *row_id, *_times(known)),
        {name: items[name] for name in [*items.present(source.times), *([stated.id] if stated.id else [])]},
    )


def _times(known: Sequence[ShopTable]) -> list[ColumnElement[Any]]:
    """When a row was made says more than when it was changed, and the row more than the one it belongs to."""
    found = [table[name] for table in known for name in table.present((_MADE, _CHANGED))]
    return [column.label(f"at_{place}") for place, column in enumerate(found)]


def event_id(kind: Kind, row: Any) -> str:
    """The id of a row's interaction: the same whenever it is read; another one if the row means another thing now."""
    fields = row._mapping
    parts = (fields.get("row_id"), fields["buyer"], fields["product"])
    digest = blake2b("\0".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=_BYTES)
    return kind.prefix + digest.hexdigest()


def to_event(kind: Kind, row: Any, event_id: str, tenant: str, now: datetime) -> Interaction:
    """A row as an interaction; one that does not say when it happened happened now."""
    fields = row._mapping
    told = (read_time(value, now)[0] for name, value in fields.items() if name.startswith("at_") and value is not None)
    return Interaction(
        kind.type,
        next((moment for moment in told if moment is not None), now),
        user=str(fields["buyer"]),
        product=str(fields["product"]),
        event_id=event_id,
        tenant=tenant,
    )
