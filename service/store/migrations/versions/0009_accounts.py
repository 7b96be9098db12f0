"""Accounts of people, their refresh tokens, and the API keys of servers."""

import sqlalchemy as sa
from alembic import op

from service.store.column_types import Json, Key, PackedTime, PlainText

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "account",
        sa.Column("id", Key(), primary_key=True, nullable=False),
        sa.Column("tenant", PlainText(), nullable=False),
        sa.Column("email", PlainText(), nullable=False),
        sa.Column("name", PlainText(), nullable=False),
        sa.Column("role", PlainText(), nullable=False),
        sa.Column("user_id", Key(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("password_hash", PlainText(), nullable=False),
        sa.Column("epoch", Key(), nullable=False),
        sa.Column("created_at", PackedTime(), nullable=False),
        sa.Column("signed_in_at", PackedTime()),
        sa.Column("disabled_at", PackedTime()),
        sa.UniqueConstraint("tenant", "email", name="uq_account_tenant_email"),
        sa.UniqueConstraint("user_id", name="uq_account_user_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "refresh_token",
        sa.Column("hash", PlainText(), primary_key=True, nullable=False),
        sa.Column("account_id", Key(), sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("family", PlainText(), nullable=False),
        sa.Column("made_at", PackedTime(), nullable=False),
        sa.Column("expires_at", PackedTime(), nullable=False),
        sa.Column("used_at", PackedTime()),
        sa.Column("revoked_at", PackedTime()),
    )
    op.create_index("ix_refresh_token_family", "refresh_token", ["family"])
    op.create_index("ix_refresh_token_account", "refresh_token", ["account_id", "expires_at"])
    op.create_table(
        "api_key",
        sa.Column("id", Key(), primary_key=True, nullable=False),
        sa.Column("tenant", PlainText(), nullable=False),
        sa.Column("name", PlainText(), nullable=False),
        sa.Column("hash", PlainText(), nullable=False),
        sa.Column("hint", PlainText(), nullable=False),
        sa.Column("scopes", Json(), nullable=False),
        sa.Column("created_at", PackedTime(), nullable=False),
        sa.Column("expires_at", PackedTime()),
        sa.Column("last_used_at", PackedTime()),
        sa.Column("revoked_at", PackedTime()),
        sa.UniqueConstraint("hash", name="uq_api_key_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_key_tenant", "api_key", ["tenant", "id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("api_key", "refresh_token", "account"):
        op.drop_table(table)
