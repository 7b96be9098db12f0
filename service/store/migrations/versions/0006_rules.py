"""Business rules."""

import sqlalchemy as sa
from alembic import op

from service.store.column_types import Json, PlainText, UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "rule",
        sa.Column("tenant", PlainText(), primary_key=True, nullable=False),
        sa.Column("id", PlainText(), primary_key=True, nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("data", Json(), nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("rule")
