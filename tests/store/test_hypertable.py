"""TimescaleDB is no part of the test machine: a stand-in records what it is asked for, the rest is PostgreSQL."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import inspect, text

from service.core.types import EventType, Interaction
from service.store.database import Database, open_database
from service.store.events import EventStatus, record_events, user_events

NOW = datetime(2025, 6, 1, tzinfo=UTC)
STAND_IN = (
    "CREATE SCHEMA timescaledb_information",
    "CREATE TABLE timescaledb_information.hypertables (hypertable_name text, chunk interval)",
    """CREATE FUNCTION create_hypertable(name regclass, by name, chunk_time_interval interval, migrate_data boolean)
       RETURNS void LANGUAGE sql
       AS 'INSERT INTO timescaledb_information.hypertables VALUES (name::text, chunk_time_interval)'""",
)


@pytest.fixture
def postgres(fresh_postgres: Callable[[], str]) -> Iterator[str]:
    """An empty database in which the extension seems to have been created."""
    url = fresh_postgres()
    bare = open_database(url, migrate=False)
    with bare.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS timescaledb_information CASCADE"))
    yield url
    with bare.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS timescaledb_information CASCADE"))
    bare.close()


def extend(database: Database) -> None:
    with database.engine.begin() as connection:
        for statement in STAND_IN:
            connection.execute(text(statement))


def did(database: Database, event_id: str) -> str:
    event = Interaction(EventType.VIEW, NOW, user="anna", product="mug", event_id=event_id)
    with database.session() as session:
        (outcome,) = record_events(session, [event], unknown_products="keep", now=NOW)
    return outcome.status


def test_interactions_become_a_hypertable_once_the_extension_is_there(postgres: str) -> None:
    plain = open_database(postgres)
    assert did(plain, "e1") == EventStatus.RECORDED
    extend(plain)
    plain.close()
    for _ in range(2):  # the second time there is nothing to do
        open_database(postgres).close()
    database = open_database(postgres)
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM timescaledb_information.hypertables")).all() == [
            ("interaction", timedelta(days=7))
        ]
        found = inspect(connection)
        assert found.get_pk_constraint("interaction")["constrained_columns"] == ["id", "at"]
        unique = [each["column_names"] for each in found.get_indexes("interaction") if each["unique"]]
        assert unique == [["tenant", "event_id", "at"]]
    assert (did(database, "e1"), did(database, "e2")) == (EventStatus.DUPLICATE, EventStatus.RECORDED)
    with database.session() as session:
        assert len(user_events(session, "default", "anna", days=30, limit=10, now=NOW)) == 2
    database.close()


def test_a_new_database_with_the_extension_begins_with_a_hypertable(postgres: str) -> None:
    bare = open_database(postgres, migrate=False)
    extend(bare)
    bare.close()
    database = open_database(postgres)
    with database.engine.connect() as connection:
        assert len(connection.execute(text("SELECT * FROM timescaledb_information.hypertables")).all()) == 1
    database.close()
