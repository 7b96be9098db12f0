"""A service whose Redis goes away: it stays ready, says what it misses, and counts it."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.core.told import Told
from service.runtime import Runtime
from service.sessions import open_sessions
from service.store.redis_link import RedisLink
from tests.redis_server import RedisServer, running_redis


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """One server."""
    with running_redis() as server:
        yield server


def test_a_service_without_its_redis_answers_and_says_what_it_misses(
    own_shop: Runtime, redis_server: RedisServer
) -> None:
    link = RedisLink(redis_server.url, timeout_s=2.0, look_s=60.0)
    settings = own_shop.settings.model_copy(update={"background": "off"})
    shop = replace(own_shop, settings=settings, redis=link, sessions=open_sessions(own_shop.params.sessions, link))
    with TestClient(create_app(shop)) as client:
        assert part(client)["state"] == "ok"
        redis_server.kill()
        shop.sessions.remember("default", "s1", Told(viewed=("mug-1",)))
        recalled = shop.sessions.recall("default", "s1")
        ready, metrics = client.get("/health/ready"), client.get("/metrics").text

        assert recalled == Told(viewed=("mug-1",))
        assert ready.status_code == 200
        assert part(client)["state"] == "degraded"
        # the session's, and live updates' where they asked at that moment
        assert re.search(r"[12] questions failed", part(client)["reason"])
        assert "works from memory" in part(client)["reason"]
        assert re.search(r"vitrine_redis_failures_total [12]\.0", metrics)
        assert "vitrine_requests_refused_total 0.0" in metrics
        assert client.get("/v1/home?user=ann").status_code == 200
    link.close()


def part(client: TestClient) -> dict[str, str]:
    """What is said of Redis."""
    return client.get("/health/ready").json()["parts"]["redis"]
