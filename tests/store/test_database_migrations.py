"""Every database ends up with the schema the code expects, or is refused."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from service.core.errors import ConfigurationError
from service.store.database import Database, open_database
from service.store.migrations.upgrade import FOLDER, known_revisions


def test_the_steps_lead_to_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []


def test_the_revisions_found_by_file_name_are_alembics() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    steps = ScriptDirectory.from_config(config).walk_revisions()
    assert [step.revision for step in steps][::-1] == known_revisions()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: Database, database_url: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match=f"has schema 9999, .* up to {known_revisions()[-1]}"):
        open_database(database_url)


def test_without_migration_the_schema_stays_as_it_is(database_url: str) -> None:
    bare = open_database(database_url, migrate=False)
    with bare.engine.connect() as connection:
        assert not connection.dialect.has_table(connection, "product")
    bare.close()


def test_many_processes_may_start_at_once(database_url: str) -> None:
    script = f"from service.store.database import open_database; open_database({database_url!r}).close()"
    started = [subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) for _ in range(4)]
    complaints = [process.communicate(timeout=60)[1].decode() for process in started]
    assert [process.returncode for process in started] == [0] * 4, complaints
    database = open_database(database_url)
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == [(known_revisions()[-1],)]
    database.close()


@pytest.fixture
def broken_step(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from alembic import command

    def upgrade_then_fail(config: Config, revision: str) -> None:
        real(config, revision)
        raise RuntimeError("the power went out")

    real = command.upgrade
    monkeypatch.setattr(command, "upgrade", upgrade_then_fail)
    yield
    monkeypatch.undo()


@pytest.mark.usefixtures("broken_step")
def test_a_migration_that_fails_leaves_nothing_behind(database_url: str) -> None:
    with pytest.raises(RuntimeError):
        open_database(database_url)
    bare = open_database(database_url, migrate=False)
    with bare.engine.connect() as connection:
        assert not connection.dialect.has_table(connection, "product")
        assert not connection.dialect.has_table(connection, "alembic_version")
    bare.close()


def test_every_step_can_be_undone_and_done_again(database: Database) -> None:
    from alembic import command

    with database.engine.connect() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(FOLDER))
        command.downgrade(config, "base")
        assert [name for name in inspect(connection).get_table_names() if name != "alembic_version"] == []
        command.upgrade(config, "head")
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
