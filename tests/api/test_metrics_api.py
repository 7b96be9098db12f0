"""Figures and log lines of real requests: they add up, and tell nothing about a person."""

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import structlog
from starlette.testclient import TestClient

from config.log import harmless
from indexer.sync import index_stale
from service.app import create_app
from service.runtime import Runtime

Figures = Callable[[], dict[str, float]]


@contextmanager
def logged() -> Iterator[list[dict]]:
    """The lines written in the block, as machines read them, debug ones too."""
    stream, lines = io.StringIO(), []
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars, structlog.processors.add_log_level,
            structlog.processors.format_exc_info, harmless, structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(stream),
    )  # fmt: skip
    yield lines
    lines.extend(map(json.loads, stream.getvalue().splitlines()))


@pytest.fixture
def client(own_shop: Runtime) -> Iterator[TestClient]:
    """An app of this test's own, so that its figures begin at 0."""
    with TestClient(create_app(own_shop), raise_server_exceptions=False) as client:
        index_stale(own_shop.outbox)
        yield client


def figures(client: TestClient) -> dict[str, float]:
    """Every sample by its name with labels, as Prometheus reads them."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_the_figures_add_up_to_what_was_asked(client: TestClient) -> None:
    for _ in range(3):
        assert client.get("/v1/search", params={"q": "red mug"}).status_code == 200
    for product in ("mug-1", "lamp-1", "nothing"):
        client.get(f"/v1/similar/{product}")
    client.get("/v1/home", params={"user": "anna"})
    client.post("/v1/events", json=[
        {"user": "anna", "product": "mug-1", "type": "view", "event_id": "e1"},
        {"user": "anna", "product": "mug-1", "type": "view", "event_id": "e1"},
        {"user": "anna", "type": "nonsense"},
    ])  # fmt: skip
    client.request("BREW", "/v1/coffee/pot/../../etc")
    found = figures(client)

    def requests(method: str, route: str, status: int) -> float:
        return found[f'vitrine_requests_total{{method="{method}",route="{route}",status="{status}"}}']

    assert requests("GET", "/v1/search", 200) == 3
    assert requests("GET", "/v1/similar/{id}", 200) == 2
    assert requests("GET", "/v1/similar/{id}", 404) == 1
    assert requests("POST", "/v1/events", 200) == 1
    assert found['vitrine_request_seconds_count{method="GET",route="/v1/similar/{id}"}'] == 3
    assert found['vitrine_surface_seconds_count{surface="search"}'] == 3
    assert found['vitrine_surface_seconds_count{surface="similar"}'] == 2
    for step in ("assign", "hydrate", "retrieve", "diversify"):
        assert found[f'vitrine_step_seconds_count{{step="{step}",surface="search"}}'] == 3
    slates = {name: value for name, value in found.items() if name.startswith("vitrine_slates_total{")}
    assert sum(slates.values()) == 3 + 2 + 1
    outcomes = [found[f'vitrine_events_total{{outcome="{one}"}}'] for one in ("recorded", "duplicate", "refused")]
    assert outcomes == [1, 1, 0]  # the third was turned away before it was to be written
    assert found["vitrine_index_waiting"] == found["vitrine_events_waiting"] == 0
    assert found['vitrine_part_ready{part="database"}'] == found['vitrine_part_ready{part="encoder"}'] == 1
    assert found['vitrine_cache_lookups_total{cache="query_text",result="hit"}'] >= 2
    assert not [name for name in found if "anna" in name or "mug-1" in name or "BREW" in name or "pot" in name]


def test_a_signal_that_fails_is_counted_and_told(own_shop: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> None:
        raise RuntimeError("no encoder for anna")

    with TestClient(create_app(own_shop), raise_server_exceptions=False) as client:
        with monkeypatch.context() as patched, logged() as lines:
            patched.setattr(own_shop.encoders.text, "encode_query", broken)
            patched.setattr(own_shop.encoders.text, "known_query", broken)
            assert client.get("/v1/search", params={"q": "blue bag"}).json()["degraded"] == {"text": "error"}
            ready = client.get("/health/ready")
        assert figures(client)['vitrine_signals_degraded_total{reason="error",signal="text"}'] == 1
        request = next(line for line in lines if line["event"] == "request")
        assert request["degraded"] == {"text": "error"}
        assert (ready.status_code, ready.json()["parts"]["encoder"]["state"]) == (503, "failed")
        assert client.get("/health/ready").status_code == 200


def test_every_line_of_a_request_carries_its_id_and_none_tells_about_a_person(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = ["anna-4711", "quokka", "sess-0815"]
    asked: list[str] = []

    def ask(method: str, url: str, **more: object) -> None:
        answer = client.request(method, url, **more)  # type: ignore[arg-type]
        asked.append(answer.headers["x-request-id"])

    with logged() as lines:
        ask("GET", "/v1/search", params={"q": "quokka lamp", "user": "anna-4711"})
        ask("POST", "/v1/search", json={"query": "quokka", "session": "sess-0815", "sort": "price"})
        ask("GET", "/v1/home", params={"session": "sess-0815", "explain": True})
        ask("GET", "/v1/home?shelves=all&user=anna-4711")
        ask("PUT", "/v1/users/anna-4711", json={"attributes": {"note": "quokka"}})
        ask("GET", "/v1/users/anna-4711")
        ask("DELETE", "/v1/users/anna-4711")
        ask("POST", "/v1/events", json={"user": "anna-4711", "product": "mug-1", "type": "view", "query": "quokka"})
        ask("GET", "/v1/suggest", params={"q": "quokka"})
        ask("GET", "/v1/similar/quokka")
        ask("GET", "/v1/quokka/anna-4711?token=sess-0815")
        ask("GET", "/v1/search", params={"q": "lamp", "filter": '{"must": "quokka"}', "user": "anna-4711"})
        ask("GET", "/v1/search", params={"q": "x"}, headers={"x-request-id": "anna-4711\x01quokka"})
        person = {"email": "quokka@anna-4711.example", "password": "sess-0815 sess-0815"}
        ask("POST", "/v1/auth/sign-up", json=person | {"name": "quokka"})
        ask("POST", "/v1/auth/sign-in", json=person)
        ask("POST", "/v1/auth/sign-in", json=person | {"password": "not sess-0815"})
        ask("GET", "/v1/me", headers={"authorization": "Bearer sess-0815"})
        monkeypatch.setattr("service.store.users.get_user", lambda *_: 1 / 0)
        crashed = client.get("/v1/users/anna-4711")
        asked.append(crashed.json()["request_id"])
    text = json.dumps(lines)
    (crash,) = [line for line in lines if line["event"] == "request_crashed"]
    assert "ZeroDivisionError" in crash["exception"]
    assert (crashed.status_code, crash["request_id"]) == (500, asked[-1])
    assert not [word for word in private if word in text]
    told = [line for line in lines if line["event"] == "request"]
    assert [line["request_id"] for line in told] == asked
    assert all(re.fullmatch(r"(/[\w{}-]+)+|no_such_route", line["route"]) for line in told)
    assert all(line["took_ms"] >= 0 and line["status"] for line in told)
    search = told[0]
    assert (search["method"], search["route"], search["status"]) == ("GET", "/v1/search", 200)
    assert search["surface"] == "search"


def test_a_line_written_in_a_thread_carries_the_id_of_its_request(
    own_shop: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("gone")

    with TestClient(create_app(own_shop), raise_server_exceptions=False) as client, logged() as lines:
        monkeypatch.setattr(own_shop.store, "search", broken)
        answer = client.get("/v1/search", params={"q": "green lamp"}, headers={"x-request-id": "mine-1"})
    monkeypatch.undo()
    assert (answer.status_code, answer.headers["x-request-id"]) == (503, "mine-1")
    failed = [line for line in lines if line["event"] in ("signal_failed", "request_failed")]
    assert failed
    assert all(line["request_id"] == "mine-1" for line in failed)
