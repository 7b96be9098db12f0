"""Interactions that were kept before their product came: an index of these few."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    where = sa.text("product_id IS NULL AND product_ref IS NOT NULL")
    op.create_index(
        "ix_interaction_unresolved",
        "interaction",
        ["tenant", "product_ref"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_interaction_unresolved", "interaction")
