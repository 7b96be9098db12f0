"""A database that was filled at any earlier schema comes to the newest one with every row as it was."""

from collections.abc import Callable
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from service.backup.rows import all_tables
from service.store.database import open_database
from service.store.migrations.upgrade import FOLDER, known_revisions


def upgrade_to(url: str, revision: str, then: Callable[[Any], Any]) -> Any:
    """Bring an empty database to a revision and do something there."""
    database = open_database(url, migrate=False)
    try:
        with database.engine.connect() as connection:
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(FOLDER))
            command.upgrade(config, revision)
            connection.commit()
            return then(connection)
    finally:
        database.close()


@pytest.mark.parametrize("revision", known_revisions())
def test_every_row_of_an_older_schema_survives_the_upgrade(
    database_url: str, revision: str, fill: Callable[..., None], stored_rows: Callable[[Any], Any]
) -> None:
    def filled(connection: Any) -> Any:
        fill(connection, count=50)
        return stored_rows(connection)

    before = upgrade_to(database_url, revision, filled)
    assert "product" in before
    database = open_database(database_url)
    with database.engine.connect() as connection:
        after = stored_rows(connection)
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
    database.close()
    assert set(after) == {str(table.name) for table in all_tables()}
    for table, rows in before.items():
        assert [{name: row[name] for name in old} for row, old in zip(after[table], rows, strict=True)] == rows
    assert all(len(rows) == (50 if table in before else 0) for table, rows in after.items())
