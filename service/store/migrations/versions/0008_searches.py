"""Searches: what was looked for, and whether anything was found."""

import sqlalchemy as sa
from alembic import op

from service.store.column_types import Key, PackedTime, PlainText

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "search",
        sa.Column("id", Key(), primary_key=True, nullable=False),
        sa.Column("tenant", PlainText(), nullable=False),
        sa.Column("at", PackedTime(), nullable=False),
        sa.Column("query", PlainText(), nullable=False),
        sa.Column("found", Key(), nullable=False),
        sa.Column("is_narrowed", sa.Boolean(), nullable=False),
        sa.Column("visitor", Key()),
        sa.Column("request_id", PlainText(), nullable=False),
        sa.Column("fallback", PlainText()),
    )
    op.create_index("ix_search_request", "search", ["request_id"])
    op.create_index("ix_search_since", "search", ["at", "tenant"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("search")
