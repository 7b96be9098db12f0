"""Receipts of erasures, and what keeps late events from bringing anybody back."""

import sqlalchemy as sa
from alembic import op

from service.store.column_types import Json, Key, PackedTime, PlainText

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the index by which a session's anonymous impressions are found."""
    op.create_table(
        "erasure",
        sa.Column("id", PlainText(), primary_key=True, nullable=False),
        sa.Column("tenant", PlainText(), nullable=False),
        sa.Column("subject", PlainText(), nullable=False),
        sa.Column("user_key", Key()),
        sa.Column("begun_at", PackedTime(), nullable=False),
        sa.Column("done_at", PackedTime()),
        sa.Column("retrain", sa.Boolean(), nullable=False),
        sa.Column("counts", Json(), nullable=False),
        sa.Column("model_ended_at", PackedTime()),
    )
    op.create_index("ix_erasure_subject", "erasure", ["subject"])
    op.create_table(
        "erased",
        sa.Column("hash", PlainText(), primary_key=True, nullable=False),
        sa.Column("erasure_id", PlainText(), sa.ForeignKey("erasure.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", PlainText(), nullable=False),
        sa.Column("before", PackedTime(), nullable=False),
        sa.Column("until", PackedTime(), nullable=False),
    )
    op.create_index("ix_erased_erasure", "erased", ["erasure_id"])
    anonymous = sa.text('"user" IS NULL AND session IS NOT NULL')
    op.create_index(
        "ix_impression_session", "impression", ["session", "at"], sqlite_where=anonymous, postgresql_where=anonymous
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_impression_session", "impression")
    for table in ("erased", "erasure"):
        op.drop_table(table)
