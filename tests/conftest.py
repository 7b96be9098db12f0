"""Databases for every test that needs one (a fresh SQLite file, a fresh PostgreSQL database), and a small shop."""

import atexit
import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from config.settings import Settings
from indexer.sync import index_stale
from service.core.types import Product
from service.runtime import Runtime, open_runtime
from service.store.catalog import upsert_products
from service.store.database import Database, open_database
from tests.browser import chromium

os.environ["HF_HUB_OFFLINE"] = "1"


LOGGING = structlog.get_config() | {"logger_factory": lambda *_: structlog.PrintLogger(sys.stderr)}


@pytest.fixture(autouse=True)
def fresh_logging() -> None:
    """Commands set up logging for their own process; every test logs to its own standard error."""
    structlog.configure(**LOGGING)
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if type(handler) is logging.StreamHandler]:
        root.removeHandler(handler)  # of a command; its stream was that of another test


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
        atexit.unregister(server._cleanup)  # it would write a file into the folder that is gone by then
        pgserver.pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=server.pgdata, user=server.system_user)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def fresh_postgres(postgres_url: str) -> Callable[[], str]:
    """Empty the PostgreSQL database of the tests and return its URL.

    One database is emptied again and again: making a new one costs 7 MB and a tenth of a second, emptying a hundredth.
    """
    import psycopg

    url = postgres_url.replace("/postgres?", "/shop?")

    def empty() -> str:
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("SET lock_timeout = '5s'")  # a test that left a session open fails the next one, not hangs it
            owner.execute("DROP SCHEMA public CASCADE")
            owner.execute("CREATE SCHEMA public")
        return url

    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE shop")
    return empty


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


@pytest.fixture(scope="session")
def settings_for() -> Callable[[Path], Settings]:
    """Settings of an embedded shop in a folder, whatever the environment says; without pictures, which load slowly."""
    return lambda folder: Settings.model_construct(data_dir=folder, image_model="none", log_level="warning")


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings]) -> Iterator[Runtime]:
    """A small shop, indexed, on the real engines with the real text model; shared, so tests must leave it as it is."""
    settings = settings_for(tmp_path_factory.mktemp("shop")).model_copy(update={"background": "off"})
    with open_runtime(settings) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, twelve_products())
        index_stale(runtime.outbox)
        yield runtime


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium; its driver runs an event loop, so it ends before other files need one of their own."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def small_shop() -> Callable[[], list[Product]]:
    """Twelve products, see `twelve_products`."""
    return twelve_products


def twelve_products() -> list[Product]:
    """Twelve mugs, lamps and bags: one sold out (mug-4), one hidden (lamp-4), prices 5, 10, 15 … EUR."""
    kinds = (("mug", "Mug", ("Home", "Kitchen")), ("lamp", "Lamp", ("Home", "Lighting")), ("bag", "Bag", ("Bags",)))
    colours = ("red", "blue", "green", "white")
    return [
        Product(
            f"{kind}-{number}",
            f"{colour.title()} {name}",
            description=f"A {colour} {name.lower()} for every day.",
            brand=("Alba", "Quill")[number % 2],
            category=category,
            price_minor=500 * number,
            currency="EUR",
            stock=0 if (kind, number) == ("mug", 4) else 10,
            visible=(kind, number) != ("lamp", 4),
            attributes={"colour": colour},
            created_at=datetime(2025, 1, number, tzinfo=UTC),
        )
        for kind, name, category in kinds
        for number, colour in enumerate(colours, 1)
    ]
