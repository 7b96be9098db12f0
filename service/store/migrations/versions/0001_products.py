"""Products."""

import sqlalchemy as sa
from alembic import op

from service.store.column_types import Json, Key, PlainText, UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_LIVE = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    """Make the product table."""
    op.create_table(
        "product",
        sa.Column("id", Key(), primary_key=True, nullable=False),
        sa.Column("external_id", PlainText(), nullable=False),
        sa.Column("tenant", PlainText(), nullable=False),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("stock", Key()),
        sa.Column("price", sa.Float()),
        sa.Column("currency", PlainText()),
        sa.Column("discount", sa.Float()),
        sa.Column("rating", sa.Float()),
        sa.Column("review_count", Key(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("brand", PlainText()),
        sa.Column("category", Json(), nullable=False),
        sa.Column("category_path", PlainText()),
        sa.Column("tags", Json(), nullable=False),
        sa.Column("attributes", Json(), nullable=False),
        sa.Column("price_minor", Key()),
        sa.Column("original_price_minor", Key()),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("deleted_at", UtcTime()),
        sa.Column("content_hash", PlainText(), nullable=False),
        sa.Column("payload_hash", PlainText(), nullable=False),
        sa.Column("indexed_hash", PlainText()),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("name", PlainText(), nullable=False),
        sa.Column("link", PlainText()),
        sa.Column("image", PlainText()),
        sa.Column("description", PlainText(), nullable=False),
        sa.UniqueConstraint("tenant", "external_id", name="uq_product_tenant_external_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_product_newest",
        "product",
        ["tenant", "created_at", "id"],
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
    op.create_index(
        "ix_product_stale",
        "product",
        ["id"],
        sqlite_where=sa.text("stale = 1"),
        postgresql_where=sa.text("stale"),
    )


def downgrade() -> None:
    """Drop the product table."""
    op.drop_table("product")
