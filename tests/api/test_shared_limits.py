"""Limits of several processes through one Redis: counted together, and by each for itself while it is gone."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from service.accounts.attempts import Attempts
from service.core.errors import TooManyRequests
from service.runtime import Runtime
from service.store.redis_counts import RedisCounts
from service.store.redis_link import RedisLink
from tests.api.guarded_app import guarded
from tests.redis_server import RedisServer, running_redis


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    """One server for all tests here."""
    with running_redis() as server:
        yield server


@pytest.fixture
def processes(runtime: Runtime, redis_server: RedisServer) -> Iterator[list[TestClient]]:
    """Two that share a Redis and allow three requests a minute."""
    links = [RedisLink(redis_server.url, look_s=0.02) for _ in range(2)]
    apps = [guarded(replace(runtime, redis=link), limits={"per_minute": {"/": 3}}) for link in links]
    clients = [TestClient(app) for app in apps]
    with clients[0], clients[1]:
        yield clients
    for link in links:
        link.close()


def test_all_processes_count_together_and_each_for_itself_while_redis_is_gone(
    processes: list[TestClient], redis_server: RedisServer
) -> None:
    first, second = processes
    together = [client.get("/quick").status_code for client in (first, second, first, second, first)]
    redis_server.kill()
    alone = [client.get("/quick").status_code for client in (first, second, first, second, first)]

    assert together == [200, 200, 200, 429, 429]
    assert alone == [200] * 5  # nobody fails, nobody has used up his own yet
    assert [first.get("/quick").status_code for _ in range(2)] == [429, 429]


def test_wrong_passwords_are_counted_together_and_by_each_while_redis_is_gone() -> None:
    def may_try(desk: Attempts, who: str = "ann@example.com") -> bool:
        try:
            desk.check("default", who)
        except TooManyRequests:
            return False
        return True

    with running_redis() as server:
        links = [RedisLink(server.url, look_s=0.02) for _ in range(2)]
        try:
            first, second = (Attempts(3, shared=RedisCounts(link, "vitrine:wrong", 60)) for link in links)
            for desk in (first, second, first):
                assert may_try(first)
                assert may_try(second)
                desk.note_wrong("default", "ann@example.com")
            assert (may_try(first), may_try(second)) == (False, False)
            assert may_try(first, "bob@example.com")
            (name,) = server.client().keys("*")
            assert "ann" not in name
            assert 0 < server.client().pttl(name) <= 60_000
            second.note_right("default", "ann@example.com")  # who was let in meanwhile
            assert may_try(second)
            assert may_try(first)
            first.note_wrong("default", "ann@example.com")
            server.kill()
            assert not may_try(first)  # its own three hold
            assert may_try(second)
        finally:
            for link in links:
                link.close()
