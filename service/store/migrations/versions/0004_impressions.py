"""Impressions: what was shown to whom."""

import sqlalchemy as sa
from alembic import op

from service.store.column_types import Json, Key, PackedTime, PlainText

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "impression",
        sa.Column("id", Key(), primary_key=True, nullable=False),
        sa.Column("tenant", PlainText(), nullable=False),
        sa.Column("at", PackedTime(), nullable=False),
        sa.Column("surface", PlainText(), nullable=False),
        sa.Column("shelf", PlainText()),
        sa.Column("level", PlainText(), nullable=False),
        sa.Column("release", PlainText()),
        sa.Column("request_id", PlainText(), nullable=False),
        sa.Column("user", PlainText()),
        sa.Column("session", PlainText()),
        sa.Column("arms", Json(), nullable=False),
        sa.Column("slots", Json(), nullable=False),
        sa.Column("draw", Json()),
    )
    op.create_index("ix_impression_request", "impression", ["request_id"])
    op.create_index("ix_impression_since", "impression", ["tenant", "at"])
    op.create_index(
        "ix_impression_user",
        "impression",
        ["user", "at"],
        sqlite_where=sa.text('"user" IS NOT NULL'),
        postgresql_where=sa.text('"user" IS NOT NULL'),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("impression")
