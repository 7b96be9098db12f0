"""Alembic's entry point: runs the steps on the connection `upgrade` hands over, inside its transaction."""

from alembic import context
from sqlmodel import SQLModel

import service.store.tables  # noqa: F401  # fills the metadata that autogenerate compares with


def run() -> None:
    """Run the steps; the caller commits."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=SQLModel.metadata,
        transactional_ddl=True,
        render_as_batch=True,  # SQLite changes a column by copying the table
    )
    with context.begin_transaction():
        context.run_migrations()


if hasattr(context, "config"):  # absent when the file is only looked at, by doctest for one
    run()
