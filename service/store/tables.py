"""The SQL tables: the truth about products."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.store.column_types import Json, Key, PlainText, UtcTime

_LIVE = text("deleted_at IS NULL")


class ProductRow(SQLModel, table=True):
    """One product, live or waiting to be dropped from the index.

    `id` is the Qdrant point id and is never reused. Short columns come first: SQLite reads a row up to the last column
    asked for, and long ones (`description`) may lie on pages of their own.
    """

    __tablename__ = "product"
    __table_args__ = (
        UniqueConstraint("tenant", "external_id", name="uq_product_tenant_external_id"),
        Index("ix_product_newest", "tenant", "created_at", "id", sqlite_where=_LIVE, postgresql_where=_LIVE),
        Index("ix_product_stale", "id", sqlite_where=text("stale = 1"), postgresql_where=text("stale")),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Key)
    external_id: str = Field(sa_type=PlainText)
    tenant: str = Field(sa_type=PlainText)
    visible: bool
    stock: int | None = Field(sa_type=Key)
    price: float | None  # major units, derived from price_minor for filters and sorting
    currency: str | None = Field(sa_type=PlainText)
    discount: float | None  # derived, 0 to 1
    rating: float | None
    review_count: int = Field(sa_type=Key)
    created_at: datetime = Field(sa_type=UtcTime)
    brand: str | None = Field(sa_type=PlainText)
    category: list[str] = Field(sa_type=Json)
    category_path: str | None = Field(sa_type=PlainText)  # "A > B > C" for prefix filters; NULL for no category
    tags: list[str] = Field(sa_type=Json)
    attributes: dict[str, Any] = Field(sa_type=Json)
    price_minor: int | None = Field(sa_type=Key)
    original_price_minor: int | None = Field(sa_type=Key)
    updated_at: datetime = Field(sa_type=UtcTime)
    deleted_at: datetime | None = Field(sa_type=UtcTime)  # stays until the index has dropped the point
    content_hash: str = Field(sa_type=PlainText)  # what encoders read
    payload_hash: str = Field(sa_type=PlainText)  # what filters read
    indexed_hash: str | None = Field(sa_type=PlainText)  # what the vectors in Qdrant were made from; set by the indexer
    stale: bool  # the index has something to do
    name: str = Field(sa_type=PlainText)
    link: str | None = Field(sa_type=PlainText)
    image: str | None = Field(sa_type=PlainText)
    description: str = Field(sa_type=PlainText)


PRODUCT: Table = SQLModel.metadata.tables["product"]
"""The same table for statements that read and write many rows at once."""
