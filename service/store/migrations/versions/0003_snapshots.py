"""Snapshots: what is computed now and then for every request to use."""

import sqlalchemy as sa
from alembic import op

from service.store.column_types import Json, PlainText, UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "snapshot",
        sa.Column("name", PlainText(), primary_key=True, nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("data", Json(), nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("snapshot")
