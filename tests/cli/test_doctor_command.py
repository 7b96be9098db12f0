"""What `vitrine doctor` finds, on shops that are well and on shops that are not."""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from service.cli.checkup.finding import Level, looked
from service.store.edge_folder import lock_folder
from service.store.tables import JOB

Vitrine = Callable[..., Any]
DATABASE = Path("vitrine-data/vitrine.db")


def findings(outcome: Any) -> dict[tuple[str, str], list[dict[str, str]]]:
    """Subject and level -> what was found."""
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for one in outcome.json["findings"]:
        found.setdefault((one["subject"], one["level"]), []).append(one)
    return found


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Loads no model, but one that is as large as wanted."""
    from service import loading, runtime
    from service.encode.lexical import LexicalEncoder

    class Text:
        name = "stand-in#1"
        size = 384
        max_pieces = None

        def encode_query(self, _: str) -> np.ndarray:
            return np.full(self.size, self.size**-0.5, np.float32)

        def encode(self, texts: list[str], batch: int = 32) -> np.ndarray:
            return np.array([self.encode_query(text) for text in texts])

    def give(size: int = 384) -> None:
        from indexer.embed import ProductEncoders

        text: Any = Text()
        text.size = size
        encoders = ProductEncoders(text, LexicalEncoder(1.2, 0.75, 30), None, 100)
        for module in (loading, runtime):
            monkeypatch.setattr(module, "load_encoders", lambda *_: encoders)

    give()
    return give


@contextmanager
def service_that_says(status: int, body: dict[str, Any]) -> Iterator[int]:
    """An address whose ``/health/ready`` says that; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def own(body: dict[str, Any]) -> dict[str, Any]:
    """As the process says it that has the vectors, which is this one."""
    return body | {"pid": os.getpid()}


def test_where_there_is_no_shop_it_makes_none(vitrine: Vitrine, models: object, tmp_path: Path) -> None:
    outcome = vitrine("doctor", "--json")
    assert outcome.code == 0
    assert "load products" in findings(outcome)["database", "warn"][0]["do"]
    assert list(tmp_path.iterdir()) == []
    lines = vitrine("doctor").out.splitlines()
    assert lines[0].startswith("OK    versions")
    assert "WARN  database  there is no shop here yet" in lines
    assert any(line.endswith("-> vitrine load products FILE") for line in lines)


def test_a_shop_that_is_well(vitrine: Vitrine, feed: Path, models: object) -> None:
    vitrine("load", "products", feed)
    vitrine("index")
    outcome = vitrine("doctor", "--json")
    assert (outcome.code, outcome.json["status"]) == (0, "warn")
    found = findings(outcome)
    assert {subject for subject, level in found if level != "ok"} == {"release"}  # nothing is trained yet
    assert "3 products" in found["database", "ok"][0]["says"]
    assert "text 384" in found["models", "ok"][0]["says"]
    assert "3 products" in found["vectors", "ok"][0]["says"]


def test_beside_a_running_service_it_asks_the_service(
    vitrine: Vitrine, feed: Path, models: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    vitrine("load", "products", feed)
    part = {"database": {"state": "ok", "reason": None}, "redis": {"state": "degraded", "reason": "Redis is gone"}}
    body = {
        "pid": os.getpid(),
        "status": "degraded",
        "parts": part,
        "waiting": 0,
        "indexed": 2,
        "events_waiting": 7,
        "impressions": {},
    }
    with lock_folder(Path("vitrine-data/vectors")), service_that_says(200, body) as port:
        monkeypatch.setenv("VITRINE_PORT", str(port))
        found = findings(vitrine("doctor", "--json"))
        status = vitrine("status", "--json").json
    assert "in use by a running process (pid" in found["vectors", "ok"][0]["says"]
    assert found["service", "warn"][0]["says"] == "redis: Redis is gone"
    assert (status["indexed"], status["service"], status["events_waiting"]) == (2, "degraded", 7)
    assert status["note"] is None


def test_a_service_that_is_not_ready_is_a_failure(
    vitrine: Vitrine, feed: Path, models: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    vitrine("load", "products", feed)
    part = {"encoder": {"state": "failed", "reason": "no model"}, "disk": {"state": "ok", "reason": None}}
    with lock_folder(Path("vitrine-data/vectors")), service_that_says(503, own({"status": 503, "parts": part})) as port:
        monkeypatch.setenv("VITRINE_PORT", str(port))
        outcome = vitrine("doctor", "--json")
    assert (outcome.code, findings(outcome)["service", "fail"][0]["says"]) == (1, "encoder: no model")


def test_what_answers_for_another_shop_is_not_taken_for_ours(
    vitrine: Vitrine, feed: Path, models: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    vitrine("load", "products", feed)
    with service_that_says(200, {"status": "ok", "parts": {}, "pid": 1, "indexed": 99}) as port:
        monkeypatch.setenv("VITRINE_PORT", str(port))
        found = findings(vitrine("doctor", "--json"))
        with lock_folder(Path("vitrine-data/vectors")):
            beside = findings(vitrine("doctor", "--json"))
            assert vitrine("status", "--json").json["indexed"] is None
    assert found["service", "ok"][0]["says"].startswith("none runs; what answers at http://127.0.0.1:")
    assert "3 changed products wait" in found["index lag", "warn"][0]["says"]
    assert "none of this shop answers" in beside["service", "warn"][0]["says"]


def test_models_of_other_dimensions_are_found_beside_a_running_service_too(
    vitrine: Vitrine, feed: Path, models: Callable[[int], None]
) -> None:
    vitrine("load", "products", feed)
    vitrine("status")
    folder = Path("vitrine-data/vectors/products")
    folder.mkdir(parents=True)
    dense = {"size": 384, "distance": "cosine"}
    space = {"name": "products", "dense": {"text": dense}, "sparse": {}, "fields": {}}
    (folder / "space.json").write_text(json.dumps({"space": space, "generation": 1}))
    models(512)
    with lock_folder(Path("vitrine-data/vectors")):
        outcome = vitrine("doctor", "--json")
    (wrong,) = findings(outcome)["vectors", "fail"]
    assert (outcome.code, wrong["do"]) == (1, "vitrine index --rebuild")
    assert "512 dimensions, the index has 384" in wrong["says"]


def test_a_note_that_is_damaged_says_what_to_do(vitrine: Vitrine, feed: Path, models: object) -> None:
    vitrine("load", "products", feed)
    folder = Path("vitrine-data/vectors/products")
    folder.mkdir(parents=True)
    (folder / "space.json").write_text("{half")
    (wrong,) = findings(vitrine("doctor", "--json"))["vectors", "fail"]
    assert "is damaged" in wrong["says"]
    assert "vitrine index --rebuild" in wrong["do"]


def test_a_database_that_is_locked_is_waited_for_a_second(vitrine: Vitrine, feed: Path, models: object) -> None:
    vitrine("load", "products", feed)
    with closing(sqlite3.connect(DATABASE)) as other:
        other.execute("BEGIN IMMEDIATE")
        found = findings(vitrine("doctor", "--json"))
    assert "nothing could be written" in found["database", "warn"][0]["says"]


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (lambda: DATABASE.write_bytes(b"no database at all" * 100), "is not an SQLite database"),
        (lambda: revision("9999"), "the database has schema 9999"),
        (lambda: DATABASE.write_bytes(b""), "without any tables"),
        (lambda: revision("0009"), "older version"),
    ],
    ids=["not a database", "newer", "empty", "older"],
)
def test_a_database_that_cannot_be_used_is_told_and_the_rest_is_looked_at(
    vitrine: Vitrine, feed: Path, models: object, breaks: Callable[[], None], says: str
) -> None:
    vitrine("load", "products", feed)
    for log in DATABASE.parent.glob("vitrine.db-*"):
        log.unlink()
    breaks()
    outcome = vitrine("doctor", "--json")
    bad = [one for one in outcome.json["findings"] if one["subject"] == "database" and one["level"] != "ok"]
    assert says in bad[0]["says"]
    assert {"disk", "models", "vectors", "service"} <= {one["subject"] for one in outcome.json["findings"]}
    assert outcome.err == ""


def test_a_server_that_is_still_empty_is_no_fault_and_the_file_of_a_secret_is_a_setting(
    vitrine: Vitrine, models: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_postgres: Callable[[], str]
) -> None:
    (tmp_path / "url").write_text(fresh_postgres())
    monkeypatch.setenv("VITRINE_DATABASE_URL_FILE", str(tmp_path / "url"))
    outcome = vitrine("doctor", "--json")
    found = findings(outcome)
    assert outcome.code == 0
    assert "without any tables yet" in found["database", "warn"][0]["says"]
    assert "vitrine load products FILE" in found["database", "warn"][0]["do"]
    assert {subject for subject, level in found if level != "ok"} <= {"database", "vectors"}


def revision(name: str) -> None:
    with closing(sqlite3.connect(DATABASE)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [name])
        connection.commit()


def test_jobs_that_failed_clocks_that_jumped_and_settings_in_vain(
    vitrine: Vitrine, feed: Path, models: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    vitrine("load", "products", feed)
    with closing(sqlite3.connect(DATABASE)) as connection:
        connection.execute(
            f"INSERT INTO {JOB.name} (name, status, scheduled_for, heartbeat_at, attempts, progress, error) "
            "VALUES ('training', 'failed', '2026-01-01 00:00:00', '2199-01-01 00:00:00', 1, 0.5, 'out of memory')"
        )
        connection.commit()
    monkeypatch.setenv("VITRINE_COLOUR", "red")
    monkeypatch.setenv("VITRINE_HOST", "0.0.0.0")
    monkeypatch.setenv("REDIS_URL", "redis://:s3cret@127.0.0.1:1/0")
    Path(".env").write_text("VITRINE_LANGUAGE=de\n")
    Path(".env").chmod(0o644)
    Path.cwd().chmod(0o700)
    kept_out = findings(vitrine("doctor", "--json"))
    assert not [one for one in kept_out["secrets", "warn"] if ".env" in one["says"]]
    Path.cwd().chmod(0o755)
    outcome = vitrine("doctor", "--json")
    found = findings(outcome)
    assert outcome.code == 0
    assert found["jobs", "warn"][0]["says"] == "training failed: out of memory"
    assert "still to come" in found["clock", "warn"][0]["says"]
    assert "VITRINE_COLOUR" in found["settings", "warn"][0]["says"]
    assert [one["do"][:18] for one in found["secrets", "warn"]] == ["chmod 600 .env", "set VITRINE_ACCESS"]
    assert "does not answer" in found["redis", "warn"][0]["says"]
    assert "s3cret" not in outcome.out
    monkeypatch.setenv("VITRINE_ACCESS", "keys")
    outcome = vitrine("doctor", "--json")
    assert (outcome.code, "needs a secret" in findings(outcome)["secrets", "fail"][0]["says"]) == (1, True)


def test_servers_that_do_not_answer_are_failures_of_one_line(
    vitrine: Vitrine, models: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QDRANT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://anna:s3cret@127.0.0.1:1/shop")
    outcome = vitrine("doctor", "--json")
    found = findings(outcome)
    assert outcome.code == 1
    assert "does not answer" in found["database", "fail"][0]["says"]
    assert "does not answer" in found["vectors", "fail"][0]["says"]
    assert "s3cret" not in outcome.out
    assert outcome.err == ""


def test_a_model_that_is_missing_and_a_wrong_setting_are_told(
    vitrine: Vitrine, feed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vitrine("load", "products", feed)
    monkeypatch.setenv("VITRINE_TEXT_MODEL", "/nowhere/model")
    outcome = vitrine("doctor", "--json")
    assert outcome.code == 1
    assert "/nowhere/model" in findings(outcome)["models", "fail"][0]["says"]
    assert ("database", "ok") in findings(outcome)
    monkeypatch.setenv("VITRINE_PORT", "many")
    outcome = vitrine("doctor", "--json")
    assert (outcome.code, "VITRINE_PORT" in findings(outcome)["settings", "fail"][0]["says"]) == (1, True)


def test_whatever_a_look_stumbles_over_is_a_finding() -> None:
    def stumbles() -> list:
        raise RuntimeError("two\nlines")

    (found,) = looked("anything", stumbles)
    assert (found.level, found.says) == (Level.FAIL, "could not be looked at (RuntimeError: two)")
