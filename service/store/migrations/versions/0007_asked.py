"""Impressions say what was asked for, so that it can be asked again."""

import sqlalchemy as sa
from alembic import op

from service.store.column_types import Json

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was shown before has none."""
    op.add_column("impression", sa.Column("asked", Json()))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("impression", "asked")
