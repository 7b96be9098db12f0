"""Users, interactions, releases and jobs."""

import sqlalchemy as sa
from alembic import op

from service.store.column_types import Json, Key, PackedTime, PlainText, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of behaviour."""
    _users()
    _interactions()
    _releases()
    _jobs()


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", Key(), primary_key=True, nullable=False),
        sa.Column("external_id", PlainText(), nullable=False),
        sa.Column("tenant", PlainText(), nullable=False),
        sa.Column("created_at", PackedTime(), nullable=False),
        sa.Column("last_seen_at", PackedTime()),
        sa.Column("preferences", Json(), nullable=False),
        sa.Column("features", Json(), nullable=False),
        sa.UniqueConstraint("tenant", "external_id", name="uq_users_tenant_external_id"),
        sqlite_autoincrement=True,
    )


def _interactions() -> None:
    op.create_table(
        "interaction",
        sa.Column("id", Key(), primary_key=True, nullable=False),
        sa.Column("tenant", PlainText(), nullable=False),
        sa.Column("type", PlainText(), nullable=False),
        sa.Column("user_id", Key(), sa.ForeignKey("users.id", ondelete="CASCADE")),
        sa.Column("session_key", Key()),
        sa.Column("product_id", Key()),
        sa.Column("value", sa.Float()),
        sa.Column("at", PackedTime(), nullable=False),
        sa.Column("received_at", PackedTime(), nullable=False),
        sa.Column("position", Key()),
        sa.Column("event_id", PlainText()),
        sa.Column("session", PlainText()),
        sa.Column("product_ref", PlainText()),
        sa.Column("query", PlainText()),
        sa.Column("request_id", PlainText()),
    )
    _index("uq_interaction_event", "interaction", ["tenant", "event_id"], "event_id IS NOT NULL", unique=True)
    op.create_index("ix_interaction_user", "interaction", ["user_id", "at", "id"])
    _index("ix_interaction_session", "interaction", ["session_key", "at", "id"], "user_id IS NULL")
    _index("ix_interaction_hidden", "interaction", ["user_id", "session_key"], "type = 'hide'")
    op.create_index("ix_interaction_since", "interaction", ["tenant", "at"])


def _releases() -> None:
    op.create_table(
        "release",
        sa.Column("id", PlainText(), primary_key=True, nullable=False),
        sa.Column("status", PlainText(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("promoted_at", UtcTime()),
        sa.Column("replaced", PlainText()),
        sa.Column("message", PlainText()),
        sa.Column("manifest", Json(), nullable=False),
        sa.Column("metrics", Json(), nullable=False),
    )
    _index("uq_release_live", "release", ["status"], "status = 'live'", unique=True)


def _jobs() -> None:
    op.create_table(
        "job",
        sa.Column("id", Key(), primary_key=True, nullable=False),
        sa.Column("name", PlainText(), nullable=False),
        sa.Column("status", PlainText(), nullable=False),
        sa.Column("scheduled_for", UtcTime(), nullable=False),
        sa.Column("claimed_by", PlainText()),
        sa.Column("heartbeat_at", UtcTime()),
        sa.Column("started_at", UtcTime()),
        sa.Column("finished_at", UtcTime()),
        sa.Column("attempts", Key(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("message", PlainText()),
        sa.Column("error", PlainText()),
        sa.UniqueConstraint("name", "scheduled_for", name="uq_job_name_scheduled_for"),
        sqlite_autoincrement=True,
    )
    _index("uq_job_running", "job", ["name"], "status = 'running'", unique=True)


def _index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    """Drop the tables of behaviour."""
    for table in ("job", "release", "interaction", "users"):
        op.drop_table(table)
