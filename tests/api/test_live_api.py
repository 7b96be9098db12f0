"""Live updates over a real server: who is told what, and what becomes of those who misbehave."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from config.params import Params
from service.accounts.opaque import API_KEY, make_secret
from service.api.clock import utc_now
from service.app import create_app
from service.cli.serving import make_server
from service.core.types import EventType, Interaction
from service.runtime import Runtime
from service.store import api_keys
from service.store.events import record_events

SOON_S = 1.0


@dataclass(frozen=True)
class Running:
    """A server that answers in this event loop."""

    app: FastAPI
    port: int
    http: httpx.AsyncClient
    stop: Callable[[], Awaitable[None]]

    def page(self, **options: Any) -> Any:
        """A page that connects."""
        return connect(f"ws://127.0.0.1:{self.port}/v1/live", **options)

    async def post(self, **event: str) -> None:
        answer = await self.http.post("/v1/events", json={"type": "view", "product": "mug-1", **event})
        assert answer.json()["recorded"] == 1, answer.text


@pytest.fixture(scope="module")
def shop(own_shop: Runtime) -> Runtime:
    """A shop in which two products were looked at, so that something trends."""
    now = datetime.now(UTC)
    with own_shop.database.session() as session:
        seen = [
            Interaction(EventType.VIEW, now - timedelta(minutes=number), user="u", product=f"bag-{1 + number % 2}")
            for number in range(5)
        ]
        record_events(session, seen, unknown_products="refuse", now=now)
    own_shop.count_popular()
    return replace(own_shop, settings=own_shop.settings.model_copy(update={"background": "off"}))


@asynccontextmanager
async def serving(shop: Runtime, settings: dict[str, Any] | None = None, **tables: Any) -> AsyncIterator[Running]:
    raw = shop.params.model_dump()
    for name, table in ({"live": {}} | tables).items():
        raw[name] |= ({"feed_ms": 50, "trending_s": 0.1} if name == "live" else {}) | table
    changed = shop.settings.model_copy(update=settings or {})
    app = create_app(replace(shop, params=Params.model_validate(raw), settings=changed))
    server = make_server(app)
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.005)
        port = listener.getsockname()[1]

        async def stop() -> None:
            server.should_exit = True
            await task

        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            try:
                yield Running(app, port, http, stop)
            finally:
                if not task.done():
                    await stop()


async def subscribed(page: ClientConnection, *topics: str, **more: str) -> list[dict[str, Any]]:
    """What it is told first: that it listens, and how things stand."""
    await page.send(json.dumps({"type": "subscribe", "topics": topics, **more}))
    return [await told(page) for _ in range(len(topics) + 1)]


async def told(page: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(SOON_S + 1):
        return json.loads(await page.recv())


async def is_silent(page: ClientConnection) -> bool:
    try:
        async with asyncio.timeout(0.3):
            await page.recv()
    except TimeoutError:
        return True
    return False


async def close_code(page: ClientConnection) -> int:
    try:
        async with asyncio.timeout(5):
            while True:
                await page.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())


def test_own_events_refresh_the_feed_within_a_second_and_nobody_elses(shop: Runtime) -> None:
    async def story() -> None:
        async with serving(shop) as running, running.page() as ann, running.page() as bob, running.page() as guest:
            first = await subscribed(ann, "feed", user="ann")
            await subscribed(bob, "feed", user="bob")
            await subscribed(guest, "feed", session="s1")
            assert [message["type"] for message in first] == ["subscribed", "feed"]
            start = time.perf_counter()
            await running.post(user="ann")
            await running.post(user="ann")
            assert await told(ann) == {"type": "feed", "seq": 2, "missed": 0, "refresh": True, "reason": "events"}
            assert time.perf_counter() - start < SOON_S
            await running.post(session="s1")
            assert (await told(guest))["reason"] == "events"
            assert await is_silent(bob)

    run(story)


def test_the_trend_is_told_at_once_and_when_it_changes(shop: Runtime) -> None:
    async def story() -> None:
        async with serving(shop) as running, running.page() as page:
            now = (await subscribed(page, "trending"))[1]
            assert [item["id"] for item in now["items"]] == ["bag-1", "bag-2"]
            assert now["items"][0]["name"] == "Red Bag"
            await running.http.patch("/v1/products/bag-1", json={"stock": 0})
            try:
                later = await told(page)
            finally:
                await running.http.patch("/v1/products/bag-1", json={"stock": 10})
            assert (later["type"], later["seq"], [item["id"] for item in later["items"]]) == ("trending", 2, ["bag-2"])

    run(story)


def test_operators_see_how_much_is_going_on(shop: Runtime) -> None:
    async def story() -> None:
        async with serving(shop) as running, running.page() as page:
            start = (await subscribed(page, "counters"))[1]
            for _ in range(3):
                await running.post(user="ann", type="click")
            await running.http.get("/health/live")
            counted = [await told(page) for _ in range(2)]
            grown = {
                name: counted[-1][name]["total"] - start[name]["total"] for name in ("requests", "events", "clicks")
            }
            assert grown == {"requests": 3, "events": 3, "clicks": 3}
            assert max(each["events"]["per_s"] for each in counted) >= 1.0

    run(story)


def test_a_slow_reader_gets_the_newest_and_hears_how_many_it_missed(shop: Runtime) -> None:
    async def story() -> None:
        async with serving(shop) as running, running.page(max_queue=1) as page:
            await subscribed(page, "counters")
            hub = running.app.state.live.hub
            filler = "x" * 20_000
            for number in range(3000):  # 60 MB
                hub.publish("default", "counters", {"number": number, "filler": filler})
                if number % 50 == 0:
                    await asyncio.sleep(0)
            got = [await told(page)]
            while got[-1].get("number") != 2999:
                got.append(await told(page))
            assert sum(message["missed"] for message in got) + len(got) >= 3000
            assert len(got) < 1500
            assert got[-1]["seq"] == got[0]["seq"] + sum(message["missed"] + 1 for message in got[1:])

    run(story)


GARBAGE = [
    "",
    "{",
    "[]",
    "null",
    '{"type": "subscribe"}',
    '{"type": "subscribe", "topics": []}',
    '{"type": "subscribe", "topics": ["secrets"]}',
    '{"type": "subscribe", "topics": ["feed"], "user": ""}',
    '{"type": "subscribe", "topics": ["feed"], "user": 7}',
    '{"type": "publish", "topics": ["feed"]}',
    b"\x00\xff",
    "[" * 4000,
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_answered_with_what_is_wrong_and_the_page_goes_on(
    shop_served: Running, loop_of: asyncio.AbstractEventLoop, garbage: str | bytes
) -> None:
    async def story() -> None:
        async with shop_served.page() as page:
            await page.send(garbage)
            answer = await told(page)
            assert (answer["type"], answer["code"]) == ("error", "invalid_message")
            await page.send('{"type": "ping"}')
            assert await told(page) == {"type": "pong"}

    loop_of.run_until_complete(story())


@pytest.fixture(scope="module")
def loop_of() -> Any:
    """An event loop that lives as long as the server in it."""
    with asyncio.Runner() as runner:
        yield runner.get_loop()


@pytest.fixture(scope="module")
def shop_served(shop: Runtime, loop_of: asyncio.AbstractEventLoop) -> Any:
    """One server for many tests."""
    manager = serving(shop, live={"greet_s": 0.5})
    yield loop_of.run_until_complete(manager.__aenter__())
    loop_of.run_until_complete(manager.__aexit__(None, None, None))


@pytest.mark.parametrize(
    ("says", "code"),
    [
        (["x" * 9000], 1009),
        (["x" * 40_000], 1009),
        (["{"] * 11, 1008),
        (['{"type": "ping"}'] * 125, 1008),
        ([], 1008),  # nothing at all within the time there is to say something
    ],
)
def test_who_misbehaves_is_sent_away(
    shop_served: Running, loop_of: asyncio.AbstractEventLoop, says: list[str], code: int
) -> None:
    async def story() -> None:
        async with shop_served.page() as page:
            for text in says:
                await page.send(text)
            assert await close_code(page) == code

    loop_of.run_until_complete(story())


@pytest.mark.parametrize(
    ("origin", "is_welcome"),
    [
        (None, True),
        ("http://127.0.0.1:{port}", True),
        ("https://shop.example", True),
        ("https://evil.example", False),
        ("https://shop.example.evil.example", False),
        ("null", False),
        ("", False),
        ("http://127.0.0.1:1", False),
    ],
)
def test_only_pages_of_our_own_or_a_named_origin_may_connect(
    shop: Runtime, shop_served: Running, loop_of: asyncio.AbstractEventLoop, origin: str | None, is_welcome: bool
) -> None:
    shop_served.app.state.cors = shop.params.cors.model_copy(update={"origins": ("https://shop.example",)})

    async def story() -> None:
        headers = {} if origin is None else {"Origin": origin.format(port=shop_served.port)}
        if is_welcome:
            async with shop_served.page(additional_headers=headers) as page:
                await page.send('{"type": "ping"}')
                assert (await told(page))["type"] == "pong"
            return
        with pytest.raises(InvalidStatus) as refused:
            await shop_served.page(additional_headers=headers)
        assert refused.value.response.status_code == 403
        assert json.loads(refused.value.response.body)["code"] == "foreign_origin"

    loop_of.run_until_complete(story())


def test_a_thousand_pages_may_connect_and_the_next_one_is_told_to_come_back(shop: Runtime) -> None:
    async def story() -> None:
        async with serving(shop, live={"connections": 1000, "greet_s": 60.0}) as running:
            pages: list[ClientConnection] = []
            for _ in range(20):
                pages += await asyncio.gather(*(running.page(ping_interval=None, compression=None) for _ in range(50)))
            with pytest.raises(InvalidStatus) as refused:
                await running.page()
            assert (refused.value.response.status_code, refused.value.response.headers["retry-after"]) == (503, "2")
            assert (await running.http.get("/health/live")).status_code == 200
            await pages.pop().close()
            await asyncio.sleep(0.05)
            pages.append(await running.page())  # there is room again
            await running.stop()
            codes = {await close_code(page) for page in pages}
            assert codes == {1001}

    run(story)


def test_a_server_that_stops_says_so_to_those_who_read_and_waits_for_nobody_else(shop: Runtime) -> None:
    async def story() -> None:
        async with serving(shop) as running:
            page, deaf = await running.page(), await running.page(max_queue=1)
            await subscribed(page, "feed", user="ann")
            await subscribed(deaf, "counters")
            deaf.transport.pause_reading()
            for _ in range(200):
                running.app.state.live.hub.publish("default", "counters", {"filler": "x" * 100_000})
                await asyncio.sleep(0)
            start = time.perf_counter()
            await running.stop()
            assert time.perf_counter() - start < 5  # supervisors kill after ten
            assert await close_code(page) == 1001
            deaf.transport.abort()

    run(story)


def test_behind_keys_everybody_hears_only_what_is_his(shop: Runtime) -> None:
    def key(*scopes: str) -> str:
        made = make_secret(API_KEY)
        about = {"name": "k", "hint": made.hint, "scopes": list(scopes), "now": utc_now(), "expires_at": None}
        with shop.database.session() as session:
            api_keys.add_key(session, "default", made.hash, **about)
        return made.text

    async def refusal(running: Running, *topics: str, **more: str) -> str:
        async with running.page() as page:
            await page.send(json.dumps({"type": "subscribe", "topics": topics, **more}))
            return str((await told(page))["code"])

    async def story() -> None:
        window, server, operator = key("read", "events"), key("read", "events", "users"), key("admin")
        keyed = {"access": "keys", "secret": SecretStr("s" * 40)}
        async with serving(shop, keyed) as running:
            assert await refusal(running, "trending") == "not_authenticated"
            assert await refusal(running, "trending", token=API_KEY + "forged") in ("invalid_key", "not_authenticated")
            assert await refusal(running, "trending", token="x.y.z") == "invalid_token"
            assert await refusal(running, "feed", token=window, user="ann") == "foreign_user"
            assert await refusal(running, "feed", token=window) == "nobody_named"
            assert await refusal(running, "counters", token=server) == "missing_scope"
            async with running.page() as guest, running.page() as shops, running.page() as desk:
                assert (await subscribed(guest, "feed", token=window, session="s9"))[0]["type"] == "subscribed"
                assert (await subscribed(shops, "feed", token=server, user="ann"))[0]["type"] == "subscribed"
                assert (await subscribed(desk, "counters", token=operator))[0]["type"] == "subscribed"
            async with running.page(additional_headers={"X-API-Key": window}) as page:
                assert (await subscribed(page, "trending"))[1]["type"] == "trending"

    run(story)


def test_a_connection_ends_with_the_key_it_was_opened_with(shop: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.live._RECHECK_S", 0.02)
    made = make_secret(API_KEY)
    about = {"name": "k", "hint": made.hint, "scopes": ["read"], "now": utc_now(), "expires_at": None}
    with shop.database.session() as session:
        stored = api_keys.add_key(session, "default", made.hash, **about)
    ways: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({}, {"token": made.text}),
        ({"additional_headers": {"X-API-Key": made.text}}, {}),
        ({"additional_headers": {"Authorization": f"Bearer {made.text}"}}, {}),
    ]

    async def page(running: Running, shown: dict[str, Any], said: dict[str, str], ready: asyncio.Barrier) -> None:
        async with running.page(**shown) as page:
            assert (await subscribed(page, "trending", **said))[0]["type"] == "subscribed"
            await ready.wait()
            await page.wait_closed()
            assert (page.close_code, page.close_reason) == (1008, "invalid_key")

    async def story() -> None:
        async with serving(
            shop, {"access": "keys", "secret": SecretStr("s" * 40)}, live={"greet_s": 2.0}
        ) as running, asyncio.timeout(30), asyncio.TaskGroup() as pages:  # fmt: skip
            ready = asyncio.Barrier(len(ways) + 1)
            for shown, said in ways:
                pages.create_task(page(running, shown, said, ready))
            await ready.wait()
            with shop.database.session() as session:
                api_keys.revoke_key(session, "default", stored.id, utc_now())
            running.app.state.reception.proofs.forget()

    run(story)
