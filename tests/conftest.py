"""Databases for every test that needs one: a fresh SQLite file and a fresh PostgreSQL database."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from service.store.database import Database, open_database


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of our own, with its superuser and no tables."""
    folder = tempfile.mkdtemp(prefix="vitrine-pg-")  # short: the path of a socket has at most 107 bytes
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip("pgserver", reason="there is no pgserver wheel for this machine")
        server = pgserver.get_server(Path(folder) / "data", cleanup_mode=None)
    try:
        # a power cut in the middle of a test run may cost the test databases
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
        yield server.get_uri()
    finally:
        pgserver.pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=server.pgdata, user=server.system_user)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def fresh_postgres(postgres_url: str) -> Iterator[Callable[[], str]]:
    """Make an empty PostgreSQL database and return its URL."""
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as admin:

        def make() -> str:
            name = f"t{uuid4().hex}"
            admin.execute(f"CREATE DATABASE {name}")
            return postgres_url.replace("/postgres?", f"/{name}?")

        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once for each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/vitrine.db"
    return request.getfixturevalue("fresh_postgres")()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database without products, once for each engine."""
    database = open_database(database_url)
    yield database
    database.close()
