"""What ``/health/ready`` says of a process whose parts do not all work, and what shoppers notice of real faults."""

import resource
import shutil
import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from threading import enumerate as enumerate_threads
from typing import Any

import pytest
from sqlalchemy import delete, text
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from config.settings import Settings
from indexer.sync import index_stale
from service.api import readiness
from service.app import create_app
from service.runtime import Runtime, open_runtime
from service.store import database as database_module
from service.store.catalog import mark_all_stale
from service.store.edge_folder import MIN_FREE_BYTES
from service.store.migrations.upgrade import known_revisions
from service.store.releases import create_release, mark_ready, promote
from service.store.spaces import PRODUCTS
from service.store.tables import RELEASE
from tests.open_shop import open_shop

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(scope="module")
def quick_shop(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings], small_shop: Callable[[], list]
) -> Iterator[Runtime]:
    """A shop of this module's own whose database loses patience after a fifth of a second."""
    settings = settings_for(tmp_path_factory.mktemp("faults")).model_copy(update={"background": "off"})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(database_module, "BUSY_TIMEOUT_MS", 200)
        with open_shop(settings, small_shop()) as runtime:
            yield runtime


@pytest.fixture
def client(quick_shop: Runtime) -> Iterator[TestClient]:
    with TestClient(create_app(quick_shop), raise_server_exceptions=False) as client:
        yield client


def shoppers_are_served(client: TestClient) -> None:
    assert len(client.get("/v1/search", params={"q": "red mug"}).json()["items"]) > 0
    assert len(client.get("/v1/similar/lamp-1").json()["items"]) > 0
    assert len(client.get("/v1/home", params={"session": "s1"}).json()["items"]) > 0


def view(event: str) -> dict[str, str]:
    return {"session": "s1", "product": "lamp-1", "type": "view", "event_id": event}


def recorded(client: TestClient) -> float:
    text = client.get("/metrics").text
    (line,) = [line for line in text.splitlines() if line.startswith('vitrine_events_total{outcome="recorded"}')]
    return float(line.rsplit(" ", 1)[1])


def test_a_database_locked_by_another_writer_costs_events_a_moment_and_shoppers_nothing(
    client: TestClient, quick_shop: Runtime
) -> None:
    file = quick_shop.database.engine.url.database
    with closing(sqlite3.connect(str(file), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = client.post("/v1/events", json=view("locked"))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert "is locked by another process" in answer.json()["detail"]
        shoppers_are_served(client)
        assert client.get("/health/ready").json()["parts"]["database"]["state"] == "ok"
        other.execute("ROLLBACK")
    assert client.post("/v1/events", json=view("locked")).json()["recorded"] == 1
    assert recorded(client) == 1


def test_on_a_full_disk_events_are_refused_loudly_and_shoppers_are_served(
    client: TestClient, quick_shop: Runtime
) -> None:
    """No file may grow: the operating system refuses, as on a disk without room."""
    assert client.post("/v1/events", json=view("e0")).json()["recorded"] == 1
    sizes = [path.stat().st_size for path in quick_shop.settings.data_dir.glob("vitrine.db*")]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (min(sizes), before[1]))
    try:
        answers = [client.post("/v1/events", json=view(f"e{number}")) for number in range(1, 4)]
        shoppers_are_served(client)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert {answer.status_code for answer in answers} == {503}
    assert "disk is full" in answers[0].json()["detail"]
    assert client.post("/v1/events", json=[view(f"e{number}") for number in range(4)]).json()["recorded"] == 3
    assert recorded(client) == 4
    with TestClient(create_app(quick_shop)) as later:  # the first one wrote what waited as it ended
        assert later.get("/health/ready").json()["impressions"]["dropped"] == 0


@pytest.mark.parametrize(
    ("free", "status", "state"),
    [(MIN_FREE_BYTES - 1, 503, "failed"), (2 * MIN_FREE_BYTES, 200, "degraded"), (2**40, 200, "ok")],
)
def test_room_on_the_disk_is_part_of_being_ready(
    reading: TestClient, monkeypatch: pytest.MonkeyPatch, free: int, status: int, state: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**41, 0, free))
    answer = reading.get("/health/ready")
    assert (answer.status_code, answer.json()["parts"]["disk"]["state"]) == (status, state)
    if status == 503:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["content-length"] == str(len(answer.content))  # servers cut it off there
        assert int(answer.headers["retry-after"]) > 0
        assert (answer.json()["code"], answer.json()["status"]) == ("not_ready", 503)
        assert answer.json()["detail"].startswith("cannot answer yet or any more: disk: 95 MB are free")
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_release_is_only_missed_where_one_is_required_and_told_where_it_cannot_be_used(
    quick_shop: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    required = quick_shop.params.releases.model_copy(update={"required": True})
    strict = replace(quick_shop, params=quick_shop.params.model_copy(update={"releases": required}))

    def release_of(runtime: Runtime) -> tuple[int, Any]:
        with TestClient(create_app(runtime)) as client:
            answer = client.get("/health/ready")
        return answer.status_code, answer.json()["parts"]["release"]["state"]

    assert (release_of(quick_shop), release_of(strict)) == ((200, "ok"), (503, "failed"))
    with quick_shop.database.session() as session:
        create_release(session, "r1", manifest={}, now=datetime.now(UTC))
        mark_ready(session, "r1", manifest={}, metrics={})
        promote(session, "r1")
    assert release_of(strict)[0] == 200  # promoted just now: it may be on its way
    monkeypatch.setattr(readiness, "_SETTLED_S", -1.0)
    assert (release_of(quick_shop), release_of(strict)) == ((200, "degraded"), (503, "failed"))
    with quick_shop.database.session() as session:
        session.connection().execute(delete(RELEASE))


def part_of(client: TestClient, name: str) -> tuple[int, str, str]:
    answer = client.get("/health/ready")
    told = answer.json()["parts"][name]
    return answer.status_code, told["state"], told["reason"] or ""


def test_an_index_without_a_product_of_the_shop_is_told_and_one_of_an_empty_shop_is_no_fault(
    client: TestClient, quick_shop: Runtime, tmp_path: Path, settings_for: Callable[[Path], Settings]
) -> None:
    store, database = quick_shop.store, quick_shop.database
    assert part_of(client, "vectors")[:2] == (200, "ok")
    store.delete(PRODUCTS, [record.id for record in store.scroll(PRODUCTS)])
    try:
        status, state, reason = part_of(client, "vectors")
        assert (status, state) == (200, "degraded")
        assert "the index is empty" in reason
        assert "vitrine index" in reason
    finally:
        with database.session() as session:
            mark_all_stale(session, forget_vectors=True)
        index_stale(quick_shop.outbox)
    assert part_of(client, "vectors")[:2] == (200, "ok")
    with (
        open_runtime(settings_for(tmp_path).model_copy(update={"background": "off"})) as empty,
        TestClient(create_app(empty)) as fresh,
    ):
        assert part_of(fresh, "vectors")[:2] == (200, "ok")


def test_a_part_that_hangs_is_told_in_time_and_keeps_one_thread_however_often_it_is_asked_for(
    client: TestClient, quick_shop: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, search = Event(), quick_shop.store.search
    monkeypatch.setattr(readiness, "_LIMIT_S", 0.3)
    monkeypatch.setattr(quick_shop.store, "search", lambda *given: goes_on.wait(60) and search(*given))
    try:
        for _ in range(3):
            status, state, reason = part_of(client, "vectors")
            assert (status, state) == (503, "failed")
            assert "it hangs" in reason
        assert 'vitrine_part_ready{part="vectors"} 0.0' in client.get("/metrics").text
        looks = [thread for thread in enumerate_threads() if thread.name == "probe-vectors"]
        assert len(looks) == 1
    finally:
        goes_on.set()
    looks[0].join(60)
    monkeypatch.undo()
    assert part_of(client, "vectors")[:2] == (200, "ok")


@pytest.mark.parametrize(
    ("schema", "status", "state", "says"),
    [("0001", 503, "failed", "it has schema 0001"), ("9999", 200, "degraded", "a newer version has brought it")],
)
def test_tables_of_another_version_are_told(
    client: TestClient, quick_shop: Runtime, schema: str, status: int, state: str, says: str
) -> None:
    def set_schema(revision: str) -> None:
        with quick_shop.database.session() as session:
            session.connection().execute(text("UPDATE alembic_version SET version_num = :one"), {"one": revision})

    set_schema(schema)
    try:
        found = part_of(client, "database")
    finally:
        set_schema(known_revisions()[-1])
    assert found[:2] == (status, state)
    assert says in found[2]
    assert part_of(client, "database")[:2] == (200, "ok")


def test_becoming_ready_and_not_ready_is_logged_once(quick_shop: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    with capture_logs() as lines, TestClient(create_app(quick_shop)) as client:
        client.get("/health/ready")
        client.get("/health/ready")
        with monkeypatch.context() as patched:
            patched.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, 0))
            client.get("/health/ready")
            client.get("/health/ready")
        client.get("/health/ready")
    told = [line["event"] for line in lines if line["event"].startswith("service_") and "warm" not in line["event"]]
    assert told == ["service_starts", "service_ready", "service_not_ready", "service_ready", "service_stops"]
    (bad,) = [line for line in lines if line["event"] == "service_not_ready"]
    assert "0 MB are free" in bad["parts"]["disk"]
