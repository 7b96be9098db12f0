"""PostgreSQL behind a network with real faults: what shoppers see, how it recovers, and that nothing is lost.

| fault                    | what the user sees                                         | how it recovers         |
|--------------------------|------------------------------------------------------------|-------------------------|
| answers come late        | the same answers, later                                    | -                       |
| server gone, or resets   | 503 problem+json, Retry-After, at once; /health/live is ok | with the next request   |
| server silent            | the same once `[limits] timeout_s` is over                 | within that time        |
| connections cut between  | nothing: dead connections of the pool are made again       | -                       |
| events sent meanwhile    | 503; sent again with their `event_id` each is stored once  | by being sent again     |
| slates shown before      | nothing: what they showed waits, and is written later      | within a second or two  |
| products changed before  | found a little later: the indexing loop goes on by itself  | within its longest pause|
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from starlette.testclient import TestClient

from config.settings import Settings
from service.app import create_app
from service.runtime import Runtime
from service.store import database as database_module
from service.store.tables import INTERACTION
from tests.open_shop import open_shop
from tests.proxy import Fault, Proxy, running_proxy

TIMEOUT_S = 2.0
SLOW_S = 0.02
AT_ONCE = 20
PATHS = ("/v1/search?q=red+mug", "/v1/similar/lamp-1", "/v1/home?session=s1", "/v1/products/mug-1", "/v1/trending")


@pytest.fixture(scope="module")
def proxy(fresh_postgres: Callable[[], str]) -> Iterator[tuple[Proxy, str]]:
    """A network between us and an empty PostgreSQL database."""
    parts = urlsplit(fresh_postgres())
    folder = Path(parse_qs(parts.query)["host"][0])
    with running_proxy(folder / ".s.PGSQL.5432") as proxy:
        yield proxy, f"postgresql://postgres@127.0.0.1:{proxy.port}{parts.path}"


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings],
    small_shop: Callable[[], list[Any]], proxy: tuple[Proxy, str],
) -> Iterator[Runtime]:  # fmt: skip
    folder = tmp_path_factory.mktemp("far")
    (folder / "own.toml").write_text(f"[limits]\ntimeout_s = {TIMEOUT_S}\n[indexing]\npoll_ms = 50\n")
    settings = settings_for(folder).model_copy(
        update={"database_url": SecretStr(proxy[1]), "config_file": folder / "own.toml"}
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(database_module, "CONNECT_TIMEOUT_S", 1)
        with open_shop(settings, small_shop()) as runtime:
            yield runtime


@pytest.fixture(scope="module")
def client(shop: Runtime) -> Iterator[TestClient]:
    with TestClient(create_app(shop), raise_server_exceptions=False) as client:
        for path in PATHS:  # the first of all take longer
            wait_for(lambda path=path: client.get(path).status_code == 200)
        yield client


def shoppers_are_served(client: TestClient) -> None:
    for path in PATHS:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        assert path == "/v1/trending" or answer.json().get("items", True), path  # nobody has bought anything here


def timed(client: TestClient, path: str) -> tuple[Any, float]:
    began = time.monotonic()
    answer = client.get(path)
    return answer, time.monotonic() - began


def is_refused_properly(answer: Any) -> bool:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["code"] in ("dependency_unavailable", "timed_out", "not_ready")
    assert "Traceback" not in answer.text
    return True


def test_a_slow_network_costs_time_and_nothing_else(client: TestClient, proxy: tuple[Proxy, str]) -> None:
    with proxy[0].fault(Fault.SLOW, SLOW_S):
        for path in PATHS:
            answer, took_s = timed(client, path)
            assert answer.status_code == 200, answer.text
            assert SLOW_S < took_s < TIMEOUT_S, path


def test_connections_cut_between_two_requests_are_made_again(client: TestClient, proxy: tuple[Proxy, str]) -> None:
    proxy[0].reset()
    shoppers_are_served(client)


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.GONE, Fault.SILENT])
def test_while_the_database_is_away_everybody_hears_so_in_time_and_it_is_back_with_the_next_request(
    client: TestClient, proxy: tuple[Proxy, str], shop: Runtime, fault: Fault
) -> None:
    event = {"session": "s1", "product": "lamp-1", "type": "view", "event_id": f"during-{fault.name}"}
    before = {"session": "s1", "product": "lamp-1", "type": "view", "event_id": f"before-{fault.name}"}
    assert client.post("/v1/events", json=before).json()["recorded"] == 1
    assert client.put(f"/v1/products/new-{fault.name}", json={"name": f"Violet {fault.name} vase"}).status_code == 200
    with proxy[0].fault(fault):
        with ThreadPoolExecutor(AT_ONCE) as pool:  # more than the pool of the database has connections
            for answer, took_s in pool.map(partial(timed, client), PATHS * (AT_ONCE // len(PATHS))):
                assert is_refused_properly(answer)
                assert took_s < TIMEOUT_S + 2
        assert is_refused_properly(client.post("/v1/events", json=event))
        assert client.get("/health/live").status_code == 200
        assert is_refused_properly(client.get("/health/ready"))
    wait_for(lambda: client.get(PATHS[0]).status_code == 200, TIMEOUT_S + 2)
    shoppers_are_served(client)
    proxy[0].reset()  # what was swallowed never comes: the loops behind the answers would be patient for long
    answer = client.post("/v1/events", json=event).json()
    assert answer["recorded"] + answer["duplicates"] == 1  # it may have been stored though nobody could say so
    with shop.database.session() as session:
        ids = (
            session.connection()
            .execute(select(INTERACTION.c.event_id, func.count()).group_by(INTERACTION.c.event_id))
            .all()
        )
    assert dict(ids).items() >= {before["event_id"]: 1, event["event_id"]: 1}.items()
    wait_for(lambda: client.get("/v1/search", params={"q": f"violet {fault.name} vase"}).json()["items"][0]["id"]
             == f"new-{fault.name}")  # fmt: skip
    wait_for(lambda: client.get("/health/ready").json().get("status") == "ok")


def wait_for(happens: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
