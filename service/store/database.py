"""Opening the SQL database: SQLite in a file, or PostgreSQL, behind one small handle."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session

from service.core.errors import ConfigurationError, DependencyUnavailable
from service.core.masking import without_password
from service.store.current_rows import CurrentRow, CurrentRows
from service.store.database_errors import translated
from service.store.migrations.upgrade import upgrade
from service.store.patience import wait_with_patience

CONNECT_TIMEOUT_S = 5
BUSY_TIMEOUT_MS = 5_000
# a host that is gone without a word is noticed within half a minute, and not after the two hours that are usual
_KEEPALIVE = {"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3}
MAPPED_BYTES = 2**30
_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")


@dataclass(frozen=True, slots=True)
class Database:
    """An open database; share one among all threads of a process.

    Attributes
    ----------
    name : the URL with its password masked.
    """

    engine: Engine
    name: str = field(init=False)
    _rows: CurrentRows = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make what goes with the engine."""
        name = without_password(self.engine.url.render_as_string(hide_password=False))
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "_rows", CurrentRows(self.engine))

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One unit of work: committed when the block ends, rolled back when it raises.

        Raises
        ------
        DependencyUnavailable : the database does not answer, is locked, full or read-only.
        InvalidQuery : a value the database cannot hold.
        """
        with translated(self.name), Session(self.engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    @property
    def remembers_products(self) -> bool:
        """Whether `products` reads again only what may have changed."""
        return self._rows.remembers

    def products(self, tenant: str, ids: Iterable[int]) -> dict[int, CurrentRow]:
        """Products of a tenant by internal key, as committed now; missing and deleted ones are left out.

        Raises
        ------
        DependencyUnavailable : the database does not answer.
        """
        with translated(self.name):
            return self._rows.read(tenant, ids)

    def close(self) -> None:
        """Close all connections; closing twice is fine."""
        self._rows.close()
        self.engine.dispose()


def open_database(url: str, *, migrate: bool = True) -> Database:
    """Open a database and bring its schema up to date.

    Parameters
    ----------
    url : ``sqlite:///folder/file.db`` (made if missing) or ``postgresql://user:password@host/name``.
    migrate : False leaves the schema as it is.

    Raises
    ------
    ConfigurationError : the URL makes no sense, or the database was made by a newer version.
    DependencyUnavailable : it does not answer within about five seconds.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> database = open_database(f"sqlite:///{mkdtemp()}/shop.db")
    >>> database.dialect
    'sqlite'
    >>> database.close()
    """
    parsed = _parse(url)
    with translated(without_password(parsed.render_as_string(hide_password=False))):
        engine = _sqlite(parsed) if parsed.drivername == "sqlite" else _postgresql(parsed)
        try:
            with engine.connect():
                pass
            if migrate:
                upgrade(engine)
        except BaseException:
            engine.dispose()
            raise
    return Database(engine)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # the text is not shown: it may hold a password
        raise ConfigurationError(f"DATABASE_URL is not a URL; {_EXPECTED}") from error
    if parsed.drivername in _POSTGRESQL:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite") and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite")
    raise ConfigurationError(f"DATABASE_URL is {without_password(url)!r}; {_EXPECTED}")


_EXPECTED = "write sqlite:///folder/file.db or postgresql://user:password@host:5432/name"


def _sqlite(url: URL) -> Engine:
    folder = Path(str(url.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DependencyUnavailable(
            f"the folder {folder} of the database cannot be made ({error.strerror}); choose another in DATABASE_URL"
        ) from error
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, **_options())
    event.listen(engine, "connect", _set_pragmas)
    return engine


def _set_pragmas(connection: Any, _: object) -> None:
    # synchronous FULL: in WAL mode NORMAL survives a killed process but not a power cut, and acknowledged means kept;
    # one fsync per commit costs about a millisecond, and products are committed by the thousand.
    # a log of 32 MB instead of 4 is copied into the file less often: a fifth more events per second (measured)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "wal_autocheckpoint = 8000"):
        connection.execute(f"PRAGMA {pragma}")
    # reading 1,000 of 50,000 products takes half as long from a map of the file as page by page (measured); a larger
    # cache would do as much, but each connection has its own, and each commit of another empties it
    connection.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")


def _postgresql(url: URL) -> Engine:
    timeouts = {"connect_timeout": CONNECT_TIMEOUT_S, "tcp_user_timeout": CONNECT_TIMEOUT_S * 1000} | _KEEPALIVE
    engine = create_engine(url, connect_args=timeouts, pool_pre_ping=True, pool_timeout=CONNECT_TIMEOUT_S, **_options())
    wait_with_patience(engine)
    return engine


def _options() -> dict[str, Any]:
    # values of rows may be about people: errors, and so the log, do not show them
    return {
        "hide_parameters": True,
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
    }
