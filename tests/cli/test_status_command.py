"""`vitrine status`: what is there, also while a service runs or a server does not answer."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.store.edge_folder import lock_folder

Vitrine = Callable[..., Any]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_looking_does_not_make_a_shop(vitrine: Vitrine, tmp_path: Path) -> None:
    outcome = vitrine("status")
    assert outcome.code == 0
    assert "there is no shop here yet" in outcome.out
    assert list(tmp_path.iterdir()) == []


def test_loaded_products_wait(vitrine: Vitrine, feed: Path) -> None:
    vitrine("load", "products", feed)
    result = vitrine("status", "--json").json
    assert (result["products"], result["waiting_to_be_indexed"], result["indexed"]) == (3, 3, 0)
    assert result["note"] is None


def test_a_running_service_is_no_failure(vitrine: Vitrine, feed: Path) -> None:
    vitrine("load", "products", feed)
    with lock_folder(Path("vitrine-data/vectors")):
        outcome = vitrine("status", "--json")
    assert outcome.code == 0
    assert (outcome.json["products"], outcome.json["indexed"]) == (3, None)
    assert "in use by another process" in outcome.json["note"]


def test_a_qdrant_that_refuses_is_a_failure_that_still_shows_the_rest(
    vitrine: Vitrine, feed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vitrine("load", "products", feed)
    monkeypatch.setenv("QDRANT_URL", "http://127.0.0.1:1")
    outcome = vitrine("status", "--json")
    assert (outcome.code, outcome.json["products"], outcome.json["indexed"]) == (1, 3, None)
    assert "does not answer" in outcome.json["note"]


def test_a_qdrant_that_stays_silent_is_given_up(
    vitrine: Vitrine, monkeypatch: pytest.MonkeyPatch, silent_port: int
) -> None:
    monkeypatch.setenv("QDRANT_URL", f"http://127.0.0.1:{silent_port}")
    outcome = vitrine("index")
    assert outcome.code == 1
    assert "does not answer (timed out)" in outcome.complaint


def test_a_database_that_stays_silent_is_given_up(
    vitrine: Vitrine, monkeypatch: pytest.MonkeyPatch, silent_port: int
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://anna:s3cret@127.0.0.1:{silent_port}/shop")
    outcome = vitrine("status")
    assert outcome.code == 1
    assert "does not answer; check that the server runs and that DATABASE_URL is right" in outcome.complaint


def test_the_database_may_be_postgresql(
    vitrine: Vitrine, feed: Path, monkeypatch: pytest.MonkeyPatch, fresh_postgres: Callable[[], str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", fresh_postgres())
    assert vitrine("load", "products", feed, "--json").json["files"][0]["created"] == 3
    result = vitrine("status", "--json").json
    assert (result["products"], result["waiting_to_be_indexed"]) == (3, 3)
    assert result["database"].startswith("postgresql://")
