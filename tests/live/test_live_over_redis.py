"""Live updates of several processes, which hear of each other through one Redis."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from config.params import load_params
from service.core.types import EventType, Interaction
from service.live.hub import Listener, Person
from service.live.live import Live
from service.store import redis_bus
from service.store.redis_bus import RedisBus
from service.store.redis_link import RedisLink
from tests.redis_server import RedisServer, running_redis

PARAMS = load_params().live.model_copy(update={"feed_ms": 20, "trending_s": 60})
ANN = Person("shop", "user", "ann")


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    """One server for all tests here."""
    with running_redis() as server:
        yield server


@asynccontextmanager
async def processes(server: RedisServer, count: int) -> AsyncIterator[list[Live]]:
    links = [RedisLink(server.url, look_s=0.05) for _ in range(count)]
    lives = [Live(PARAMS, nothing_trends, RedisBus(link)) for link in links]
    for live in lives:
        live.start()
    with server.client() as client:
        await until(lambda: client.pubsub_numsub(redis_bus.CHANNEL)[0][1] == count)
    try:
        yield lives
    finally:
        for live, link in zip(lives, links, strict=True):
            await live.stop()
            link.close()


async def nothing_trends(_: str) -> None:
    return None


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


def page_of(live: Live, *people: Person) -> Listener:
    page = Listener()
    live.hub.join(page)
    live.hub.listen(page, "shop", {"feed", "counters"}, people)
    return page


def view(user: str) -> Interaction:
    return Interaction(EventType.CLICK, datetime.now(UTC), user=user, product="p", tenant="shop")


async def next_of(page: Listener, topic: str) -> Mapping[str, object]:
    async with asyncio.timeout(5):
        while (waiting := await page.mailbox.take()).topic != topic:
            pass
    return waiting.body


def test_an_event_at_one_process_refreshes_the_pages_at_another(redis_server: RedisServer) -> None:
    async def story() -> None:
        async with processes(redis_server, 2) as (first, second):
            here, there, other = page_of(first, ANN), page_of(second, ANN), page_of(second, Person("b", "user", "ann"))
            start = time.perf_counter()
            first.heard([view("ann")])
            for page in (here, there):
                assert await next_of(page, "feed") == {"refresh": True, "reason": "events"}
            assert time.perf_counter() - start < 1
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await other.mailbox.take()

    asyncio.run(story())


def test_counters_add_up_over_processes(redis_server: RedisServer) -> None:
    async def story() -> None:
        async with processes(redis_server, 2) as (first, second):
            page = page_of(second)
            first.heard([view("ann"), view("bob")])
            second.heard([view("cy")])
            totals = 0
            while totals != 3:
                totals = (await next_of(page, "counters"))["clicks"]["total"]

    asyncio.run(story())


def test_without_redis_each_process_goes_on_for_itself_and_finds_the_others_again(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_bus, "LOOK_S", 0.05)

    async def story() -> None:
        async with processes(redis_server, 2) as (first, second):
            here, there = page_of(first, ANN), page_of(second, ANN)
            redis_server.kill()
            first.heard([view("ann")])
            assert await next_of(here, "feed")
            redis_server.start()
            with redis_server.client() as client:
                await until(lambda: client.pubsub_numsub(redis_bus.CHANNEL)[0][1] == 2)
                client.publish(redis_bus.CHANNEL, b"\xff garbage")
                client.publish(redis_bus.CHANNEL, b'{"from": "x", "feed": [["too", "short"]]}')
            await asyncio.sleep(0.1)  # until the link has noticed too
            first.heard([view("ann")])
            assert await next_of(there, "feed")

    asyncio.run(story())
