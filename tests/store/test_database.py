"""Opening a database, and what is said when it cannot be used."""

import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from service.core.errors import ConfigurationError, DependencyUnavailable, InvalidQuery
from service.core.types import Product
from service.store import database as database_module
from service.store.catalog import get_product, upsert_products
from service.store.database import Database, open_database

MUG = Product("mug", "Blue mug")


def put(database: Database, *products: Product) -> None:
    with database.session() as session:
        upsert_products(session, products)


def names(database: Database) -> list[str]:
    with database.session() as session:
        return list(session.connection().execute(text("SELECT external_id FROM product ORDER BY id")).scalars())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vitrine.db"


def test_a_session_keeps_all_or_nothing(database: Database) -> None:
    def fail_half_way() -> None:
        with database.session() as session:
            upsert_products(session, [Product("cup", "Cup")])
            raise KeyError("something else went wrong")

    put(database, MUG)
    with pytest.raises(KeyError):
        fail_half_way()
    assert names(database) == ["mug"]


def test_opening_again_finds_everything_and_does_not_wait_for_alembic(database_url: str) -> None:
    first = open_database(database_url)
    put(first, MUG)
    first.close()
    script = (
        "import sys; from service.store.database import open_database; "
        f"d = open_database({database_url!r}); d.close(); d.close(); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0


def test_sqlite_keeps_what_it_acknowledged_even_in_a_power_cut(file: Path) -> None:
    database = open_database(f"sqlite:///{file}")
    with database.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    database.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path}/a/b/vitrine.db").close()
    assert (tmp_path / "a/b/vitrine.db").exists()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_spelling_of_postgresql_is_understood(fresh_postgres: Callable[[], str], scheme: str) -> None:
    database = open_database(scheme + fresh_postgres().removeprefix("postgresql"))
    assert database.dialect == "postgresql"
    database.close()


@pytest.mark.parametrize(
    "url",
    ["", "shop.db", "mysql://me:secret@host/shop", "sqlite://", "sqlite:///:memory:", "postgresql://me:secret@h:x/"],
)
def test_a_url_that_makes_no_sense_says_what_to_write(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL .*write sqlite:///folder/file.db or") as raised:
        open_database(url)
    assert "secret" not in raised.value.message


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(DependencyUnavailable) as raised:
        open_database(f"postgresql://me:secret@127.0.0.1:{port}/shop")
    assert raised.value.message == (
        f"the database postgresql+psycopg://me:***@127.0.0.1:{port}/shop does not answer; "
        "check that the server runs and that DATABASE_URL is right"
    )


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "CONNECT_TIMEOUT_S", 2)
    start = time.monotonic()
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(DependencyUnavailable, match="does not answer"),
    ):
        open_database(f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/shop")
    assert time.monotonic() - start < 10


def test_a_database_that_does_not_exist_on_the_server_is_said_so(postgres_url: str) -> None:
    with pytest.raises(DependencyUnavailable, match="does not exist on this server; create it"):
        open_database(postgres_url.replace("/postgres?", "/nowhere?"))


def test_a_connection_the_server_closed_is_replaced(postgres_url: str, fresh_postgres: Callable[[], str]) -> None:
    database = open_database(fresh_postgres())
    put(database, MUG)
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
    admin = open_database(postgres_url, migrate=False)
    with admin.session() as session:
        session.connection().execute(text(kill), {"name": database.engine.url.database})
    admin.close()
    assert names(database) == ["mug"]
    database.close()


def test_a_locked_file_is_waited_for_and_then_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 50)
    database = open_database(f"sqlite:///{file}")
    other = sqlite3.connect(file)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DependencyUnavailable, match=r"vitrine.db is locked by another process; wait for it"):
        put(database, MUG)
    assert names(database) == []  # readers go on
    other.rollback()
    other.close()
    put(database, MUG)
    assert names(database) == ["mug"]
    database.close()


def test_a_full_disk_loses_nothing_that_was_stored(file: Path) -> None:
    first = open_database(f"sqlite:///{file}")
    put(first, MUG)
    first.close()
    pages = file.stat().st_size // 4096 + 10
    small = open_database(f"sqlite:///{file}")
    small.engine.dispose()
    event.listen(small.engine, "connect", lambda raw, _: raw.execute(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(DependencyUnavailable, match="the disk is full; free some space and try again"):
        put(small, *(Product(f"big{i}", "x" * 10_000) for i in range(100)))
    assert names(small) == ["mug"]
    put(small, Product("cup", "Cup"))
    assert names(small) == ["mug", "cup"]
    small.close()


def test_a_read_only_file_is_named(file: Path) -> None:
    database = open_database(f"sqlite:///{file}")
    database.engine.dispose()
    event.listen(database.engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only = ON"))
    with pytest.raises(DependencyUnavailable, match="is read-only; check the permissions"):
        put(database, MUG)
    database.close()


def test_a_read_only_server_is_named(fresh_postgres: Callable[[], str]) -> None:
    database = open_database(fresh_postgres())
    database.engine.dispose()

    def read_only(raw: Any, _: object) -> None:
        raw.read_only = True

    event.listen(database.engine, "connect", read_only)
    with pytest.raises(DependencyUnavailable, match="is read-only; point DATABASE_URL at the primary"):
        put(database, MUG)
    database.close()


def test_a_file_that_is_something_else_is_left_alone(file: Path) -> None:
    file.write_text("my holiday diary " * 100)
    with pytest.raises(DependencyUnavailable, match="is not an SQLite database; choose another file"):
        open_database(f"sqlite:///{file}")
    assert file.read_text().startswith("my holiday diary")


def test_a_folder_that_cannot_be_made_is_named(file: Path) -> None:
    file.write_text("")
    with pytest.raises(DependencyUnavailable, match=r"the folder .*vitrine.db/x of the database cannot be made"):
        open_database(f"sqlite:///{file}/x/shop.db")


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DependencyUnavailable, match="cannot be opened"):
        open_database(f"sqlite:///{tmp_path}")


def test_a_value_that_slips_through_is_the_callers_mistake(fresh_postgres: Callable[[], str]) -> None:
    database = open_database(fresh_postgres())
    with pytest.raises(InvalidQuery, match="NUL byte"), database.session() as session:
        get_product(session, "a\x00b", "mug")
    database.close()
