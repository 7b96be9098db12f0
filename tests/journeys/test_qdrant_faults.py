"""A Qdrant server behind a network with real faults: what shoppers see, how it recovers, and that nothing is lost."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from config.settings import Settings
from indexer import worker
from indexer.check import check_index
from service.app import create_app
from service.runtime import Runtime
from service.store import server
from service.store.tables import INTERACTION
from tests.open_shop import open_shop
from tests.proxy import Fault, Proxy, running_proxy
from tests.qdrant_double import QdrantDouble, running_qdrant

TIMEOUT_S, SLOW_S = 1, 0.03
AT_ONCE = 30
SEARCH = "/v1/search?q=red+mug"
NEEDS_NO_VECTORS = ("/v1/products/mug-1", "/v1/trending", "/v1/search?sort=price&filter={}", "/v1/home?session=new")
IS_POORER = ("/v1/home?session=s1", "/v1/similar/lamp-1")
PATHS = (SEARCH, *NEEDS_NO_VECTORS, *IS_POORER)


@pytest.fixture(scope="module")
def network() -> Iterator[tuple[Proxy, QdrantDouble]]:
    """A Qdrant, and the network before it."""
    with running_qdrant() as qdrant, running_proxy(("127.0.0.1", qdrant.port)) as proxy:
        yield proxy, qdrant


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings],
    small_shop: Callable[[], list[Any]], network: tuple[Proxy, QdrantDouble],
) -> Iterator[Runtime]:  # fmt: skip
    folder = tmp_path_factory.mktemp("vectors-far-away")
    (folder / "own.toml").write_text("[indexing]\npoll_ms = 50\n")
    settings = settings_for(folder).model_copy(
        update={
            "qdrant_url": f"http://127.0.0.1:{network[0].port}", "background": "on", "config_file": folder / "own.toml",
        }
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(server, "TIMEOUT_S", TIMEOUT_S)
        patched.setattr(server, "_PAUSE_S", 0.2)
        patched.setattr(server, "_SLOW_S", 0.5)
        patched.setattr(worker, "_LOOK_S", 0.1)
        patched.setattr(worker, "_LONGEST_PAUSE_S", 0.5)
        with open_shop(settings, small_shop()) as runtime:
            yield runtime


@pytest.fixture(scope="module")
def client(shop: Runtime) -> Iterator[TestClient]:
    with TestClient(create_app(shop), raise_server_exceptions=False) as client:
        for product in ("mug-1", "mug-2"):
            view = {"session": "s1", "product": product, "type": "view", "event_id": f"first-{product}"}
            assert client.post("/v1/events", json=view).json()["recorded"] == 1
        wait_for(lambda: is_whole(client))
        yield client


def is_whole(client: TestClient) -> bool:
    """Everybody is answered, and with nothing missing."""
    answers = [client.get(path) for path in PATHS]
    return all(answer.status_code == 200 and not answer.json().get("degraded") for answer in answers)


def timed(client: TestClient, path: str) -> tuple[str, Any, float]:
    began = time.monotonic()
    answer = client.get(path)
    return path, answer, time.monotonic() - began


def wait_for(happens: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def shown(client: TestClient, path: str) -> list[str]:
    return [item["id"] for item in client.get(path).json()["items"]]


def events_of(shop: Runtime) -> dict[str, int]:
    with shop.database.session() as session:
        counted = select(INTERACTION.c.event_id, func.count()).group_by(INTERACTION.c.event_id)
        return dict(session.connection().execute(counted).all())


def test_a_slow_network_costs_time_and_nothing_else(client: TestClient, network: tuple[Proxy, QdrantDouble]) -> None:
    before = shown(client, SEARCH)
    with network[0].fault(Fault.SLOW, SLOW_S):
        assert is_whole(client)
        _, answer, took_s = timed(client, SEARCH)
    assert took_s > SLOW_S
    assert [item["id"] for item in answer.json()["items"]] == before


def test_connections_cut_between_two_requests_are_made_again(
    client: TestClient, network: tuple[Proxy, QdrantDouble]
) -> None:
    network[0].reset()
    wait_for(lambda: is_whole(client))


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.GONE, Fault.SILENT])
def test_without_vectors_all_but_words_are_answered_and_nothing_that_was_sent_is_lost(
    client: TestClient, network: tuple[Proxy, QdrantDouble], shop: Runtime, fault: Fault
) -> None:
    event = {"session": "s1", "product": "lamp-1", "type": "view", "event_id": f"during-{fault.name}"}
    shop.services.vectors._empty()  # as by a service that has just been started
    with network[0].fault(fault):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            served = list(pool.map(partial(timed, client), PATHS * (AT_ONCE // len(PATHS))))
        sent = client.post("/v1/events", json=event)
        assert sent.is_success, sent.text
        assert client.put(f"/v1/products/new-{fault.name}", json={"name": f"Violet {fault.name} vase"}).is_success
        assert client.get("/health/live").status_code == 200
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json()["parts"]["vectors"]["state"]) == (503, "failed")
    assert max(took_s for *_, took_s in served) < 5 * TIMEOUT_S + 2
    statuses = Counter((path == SEARCH, answer.status_code) for path, answer, _ in served)
    searches = AT_ONCE // len(PATHS)
    assert statuses == {(True, 503): searches, (False, 200): searches * (len(PATHS) - 1)}
    for path, answer, _ in served:
        if path == SEARCH:
            assert (answer.headers["retry-after"], answer.json()["code"]) == ("2", "dependency_unavailable")
        elif path in IS_POORER:
            said = answer.json()
            assert said["items"], path
            assert said["degraded"] or said["fallback"]["reason"], path
    wait_for(lambda: is_whole(client))
    wait_for(lambda: shown(client, f"/v1/search?q=violet+{fault.name}+vase")[:1] == [f"new-{fault.name}"])
    wait_for(lambda: client.get("/health/ready").status_code == 200)
    assert events_of(shop)[event["event_id"]] == 1


def test_a_server_that_does_not_answer_takes_no_more_than_a_few_threads(
    client: TestClient, network: tuple[Proxy, QdrantDouble]
) -> None:
    with network[0].fault(Fault.SILENT):
        client.get(SEARCH)  # waits to its end
        took = sorted(timed(client, SEARCH)[2] for _ in range(10))
        assert took[5] < TIMEOUT_S  # most are not made to wait at all
    network[0].reset()
    wait_for(lambda: is_whole(client))


def test_a_server_that_comes_back_empty_is_filled_again_without_a_restart(
    client: TestClient, network: tuple[Proxy, QdrantDouble], shop: Runtime
) -> None:
    before = shown(client, SEARCH)
    with network[0].fault(Fault.GONE):
        network[1].empty()
    wait_for(lambda: is_whole(client))
    wait_for(lambda: check_index(shop.database, shop.store).pending == 0)
    report = check_index(shop.database, shop.store)
    assert report.agrees
    assert report.points == report.products > 0
    assert shown(client, SEARCH) == before
    assert client.get("/health/ready").json()["parts"]["vectors"]["state"] == "ok"
