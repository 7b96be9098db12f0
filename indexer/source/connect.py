"""A look into the shop's own database: one moment of it, and no way to change anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, ProgrammingError
from sqlalchemy.pool import NullPool

from service.core.errors import ConfigurationError
from service.core.masking import without_password
from service.store.database_errors import translated

_CONNECT_TIMEOUT_S = 5
_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")
_SQLITE = ("sqlite", "sqlite+pysqlite")
# what Prisma writes into a URL for itself; PostgreSQL's own library refuses what it does not know
_OF_PRISMA = ("schema", "connection_limit", "pool_timeout", "pgbouncer", "socket_timeout", "sslaccept",
              "statement_cache_size")  # fmt: skip
_EXPECTED = "write postgresql://user:password@host:5432/name, or sqlite:///folder/file.db"


@contextmanager
def snapshot(url: str, timeout_s: float) -> Iterator[Connection]:
    """A connection that sees the database as it is now, to the end, and cannot write.

    Parameters
    ----------
    timeout_s : patience with one question.

    Raises
    ------
    ConfigurationError : the URL makes no sense, or the database refuses what is asked (rights are missing).
    DependencyUnavailable : it does not answer.
    """
    parsed = parse_url(url)
    name = f"of the shop, {without_password(parsed.render_as_string(hide_password=False))},"
    engine = _sqlite(parsed) if parsed.drivername == "sqlite" else _postgresql(parsed)
    event.listen(engine, "handle_error", partial(_tell, name))
    try:
        with engine.connect() as connection:
            _begin(connection, timeout_s)
            yield connection
    finally:
        engine.dispose()


def parse_url(url: str) -> URL:
    """The URL of a shop's database, with the driver we use.

    Raises
    ------
    ConfigurationError : it is none of PostgreSQL or SQLite.

    Examples
    --------
    >>> parse_url("postgresql://anna@db/shop?schema=public").render_as_string()
    'postgresql+psycopg://anna@db/shop'
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # the text is not shown: it may hold a password
        raise ConfigurationError(f"VITRINE_SOURCE_URL (or DATABASE_URL) is not a URL; {_EXPECTED}") from error
    if parsed.drivername in _POSTGRESQL:
        return parsed.difference_update_query(_OF_PRISMA).set(drivername="postgresql+psycopg")
    if parsed.drivername in _SQLITE and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite")
    raise ConfigurationError(f"VITRINE_SOURCE_URL (or DATABASE_URL) is {without_password(url)!r}; {_EXPECTED}")


def url_schema(url: str) -> str | None:
    """The schema that Prisma names in the URL, if it does."""
    schema = make_url(url).query.get("schema")
    return schema if isinstance(schema, str) and schema else None


def _tell(name: str, context: ExceptionContext) -> None:
    """Say at once whose database it was: reading one and writing the other go on side by side."""
    error = context.sqlalchemy_exception
    if isinstance(error, ProgrammingError):
        said = str(error.orig).splitlines()[0][:300]
        raise ConfigurationError(f"the database {name} refuses to be read: {said}; see [source]") from error
    if error is not None:
        with translated(name):
            raise error


def _postgresql(url: URL) -> Engine:
    timeouts = {"connect_timeout": _CONNECT_TIMEOUT_S, "tcp_user_timeout": _CONNECT_TIMEOUT_S * 1000}
    engine = create_engine(url, connect_args=timeouts, poolclass=NullPool)
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _sqlite(url: URL) -> Engine:
    name = f"file:{quote(str(Path(str(url.database)).absolute()))}"
    read_only = URL.create("sqlite", database=name, query={"mode": "ro", "uri": "true"})
    return create_engine(read_only, poolclass=NullPool)


def _begin(connection: Connection, timeout_s: float) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")  # its driver begins only when something is written
    else:
        connection.execute(text(f"SET LOCAL statement_timeout = {int(timeout_s * 1000)}"))
