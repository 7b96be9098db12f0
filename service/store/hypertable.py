"""On PostgreSQL with TimescaleDB interactions are a hypertable: kept in chunks by time, old ones are passed over."""

from sqlalchemy import Connection, text

# Both name the time too, because a chunk knows of no other: the same event id with another time, sent to two processes
# in the same instant, could be recorded twice. One after the other it is found, see `record_events`.
_STEPS = (
    "ALTER TABLE interaction DROP CONSTRAINT interaction_pkey, ADD CONSTRAINT interaction_pkey PRIMARY KEY (id, at)",
    "DROP INDEX uq_interaction_event",
    "CREATE UNIQUE INDEX uq_interaction_event ON interaction (tenant, event_id, at) WHERE event_id IS NOT NULL",
    "SELECT create_hypertable('interaction', 'at', chunk_time_interval => INTERVAL '7 days', migrate_data => true)",
)
_EXTENSION = text("SELECT to_regclass('timescaledb_information.hypertables') IS NOT NULL")
_IS_ONE = text("SELECT 1 FROM timescaledb_information.hypertables WHERE hypertable_name = 'interaction'")


def wants_hypertable(connection: Connection) -> bool:
    """Whether TimescaleDB was created in this database and interactions are still a plain table."""
    if connection.dialect.name != "postgresql" or not connection.execute(_EXTENSION).scalar():
        return False
    return connection.execute(_IS_ONE).first() is None


def make_hypertable(connection: Connection) -> None:
    """Make interactions a hypertable, those that are there included; the caller commits."""
    for step in _STEPS:
        connection.execute(text(step))
