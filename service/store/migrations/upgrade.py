"""Bring a database to the newest schema, once, however many processes start at the same time."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from service.core.errors import ConfigurationError
from service.store.hypertable import make_hypertable, wants_hypertable

FOLDER = Path(__file__).parent
_LOCK = 7_318_349_394_477_056  # any number: the name of PostgreSQL's advisory lock for our migrations
_PATIENCE_MS = 60_000  # how long a process waits for another one that is migrating


def known_revisions() -> list[str]:
    """Every revision this version knows, oldest first: files are called ``<revision>_<what>.py``.

    Examples
    --------
    >>> known_revisions()[0]
    '0001'
    """
    return sorted(path.name.split("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py"))


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest schema; quick (alembic is not even imported) where it is there already.

    Raises
    ------
    ConfigurationError : the database was made by a newer version.
    """
    with engine.connect() as connection:
        if is_current(connection) and not wants_hypertable(connection):
            return
        connection.rollback()
        connection.detach()  # closed afterwards, not lent out again with the patience of a migration
        _lock(connection)
        if not is_current(connection):
            _run(connection)
        if wants_hypertable(connection):
            make_hypertable(connection)
        connection.commit()


def is_current(connection: Connection) -> bool:
    """Whether the database has the newest schema.

    Raises
    ------
    ConfigurationError : it has one this version does not know.
    """
    known = known_revisions()
    if not inspect(connection).has_table("alembic_version"):
        return False
    revision = revision_of(connection)
    if revision is not None and revision not in known:
        raise ConfigurationError(
            f"the database has schema {revision}, this version of vitrine knows schemas up to {known[-1]}; "
            "install the newer vitrine that made it, or choose another database"
        )
    return revision == known[-1]


def revision_of(connection: Connection) -> str | None:
    """The schema of a database that was migrated before; one query."""
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_PATIENCE_MS}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    command.upgrade(config, "head")
