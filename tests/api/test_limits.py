"""Limits: so many requests a minute, so many at once, and an answer in time; who is refused hears when to come back."""

import asyncio
import time

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.api.address import address_of
from service.api.bounded_counts import BoundedCounts
from service.runtime import Runtime
from tests.api.guarded_app import guarded


def at_once(app: FastAPI, *paths: str) -> list[httpx.Response]:
    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return await asyncio.gather(*(client.get(path) for path in paths))

    return asyncio.run(ask())


def statuses(client: TestClient, path: str, count: int, **headers: str) -> list[int]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return [client.get(path, headers=named).status_code for _ in range(count)]


def test_by_default_nobody_is_counted(runtime: Runtime) -> None:
    assert set(statuses(TestClient(guarded(runtime)), "/quick", 100)) == {200}


def test_beyond_the_limit_the_answer_says_when_to_come_back(runtime: Runtime) -> None:
    client = TestClient(guarded(runtime, limits={"per_minute": {"/": 3}}))

    assert statuses(client, "/quick", 3) == [200, 200, 200]
    refused = client.get("/quick")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["request_id"] == refused.headers["x-request-id"]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert client.get("/health/live").status_code == 200  # monitoring is never refused


def test_each_part_of_the_api_counts_for_itself_and_the_longest_beginning_has_its_way(runtime: Runtime) -> None:
    client = TestClient(guarded(runtime, limits={"per_minute": {"/": 2, "/slow": 0, "/keys": 1}}))

    assert statuses(client, "/quick", 3) == [200, 200, 429]
    assert statuses(client, "/slow?seconds=0", 5) == [200] * 5
    assert statuses(client, "/keys/whoami", 2, authorization="Bearer good") == [200, 429]


def test_keys_are_counted_apart_and_guessing_them_counts_for_the_address(runtime: Runtime) -> None:
    client = TestClient(guarded(runtime, limits={"per_minute": {"/": 3}}))

    assert statuses(client, "/keys/whoami", 4, authorization="Bearer good") == [200, 200, 200, 429]
    guesses = [client.get("/keys/whoami", headers={"Authorization": f"Bearer {n}"}).status_code for n in range(5)]
    assert guesses == [401, 401, 401, 429, 429]
    assert client.get("/quick").status_code == 429


def test_a_header_that_nobody_checks_is_no_way_around_the_limit(runtime: Runtime) -> None:
    client = TestClient(guarded(runtime, limits={"per_minute": {"/": 3}}))
    signed = [client.post("/sign-up", headers={"Authorization": f"Bearer {n}"}).status_code for n in range(5)]

    assert signed == [200, 200, 200, 429, 429]


def test_whoever_writes_another_address_into_a_header_is_still_the_same(runtime: Runtime) -> None:
    client = TestClient(guarded(runtime, limits={"per_minute": {"/": 2}}))
    answers = [client.get("/quick", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(3)]

    assert answers == [200, 200, 429]


def test_behind_a_trusted_proxy_visitors_are_told_apart(runtime: Runtime) -> None:
    client = TestClient(guarded(runtime, limits={"per_minute": {"/": 1}, "trusted_proxies": 1}))

    assert statuses(client, "/quick", 2, x_forwarded_for="192.0.2.1") == [200, 429]
    assert statuses(client, "/quick", 2, x_forwarded_for="6.6.6.6, 192.0.2.2") == [200, 429]
    assert statuses(client, "/quick", 1, x_forwarded_for="7.7.7.7, 192.0.2.2") == [429]  # only ours is believed


@pytest.mark.parametrize(
    ("client", "forwarded", "trusted", "expected"),
    [
        ("2001:db8:1:2:3:4:5:6", None, 0, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", None, 0, "192.0.2.1"),
        ("10.0.0.1", "a, b", 1, "unknown"),
        ("10.0.0.1", "192.0.2.9", 3, "192.0.2.9"),
        ("10.0.0.1", None, 1, "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1, [2001:db8::1]", 1, "2001:db8::/64"),
    ],
)
def test_an_address_is_what_callers_are_told_apart_by(
    client: str, forwarded: str | None, trusted: int, expected: str
) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    assert address_of({"type": "http", "client": (client, 1), "headers": headers}, trusted) == expected


def test_a_hundred_thousand_callers_stay_bounded() -> None:
    counts = BoundedCounts(1000)
    for number in range(100_000):
        counts.incr(f"caller {number}", 60)

    assert counts.reset() == 1000


def test_more_than_can_be_answered_are_refused_at_once_and_all_others_answered(runtime: Runtime) -> None:
    app = guarded(runtime, limits={"in_flight": 2, "wait_ms": 50})
    start = time.perf_counter()
    at_once(app, *["/slow?seconds=0.05"] * 10)  # from now on it is known how fast the line moves
    answers = at_once(app, *["/slow?seconds=0.05"] * 40)
    later = at_once(app, "/quick")
    codes = [answer.status_code for answer in answers]
    refused = next(answer for answer in answers if answer.status_code == 503)

    assert codes == [200] * 16 + [503] * 24  # a line of 16 is always allowed, a page asks for several things at once
    assert (refused.json()["code"], refused.headers["retry-after"]) == ("too_busy", "1")
    assert app.state.traffic.refused == codes.count(503)
    assert app.state.traffic.running == app.state.traffic.waiting == 0
    assert time.perf_counter() - start < 3
    assert later[0].status_code == 200


def test_health_answers_while_everything_else_waits(runtime: Runtime) -> None:
    app = guarded(runtime, limits={"in_flight": 1, "wait_ms": 1})
    answers = at_once(app, *["/slow?seconds=0.02"] * 20, "/health/live")

    assert answers[-1].status_code == 200


def test_who_gives_up_leaves_the_line(runtime: Runtime) -> None:
    app = guarded(runtime, limits={"in_flight": 1, "wait_ms": 1000})

    async def ask() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
            asked = [asyncio.create_task(client.get("/slow?seconds=5")) for _ in range(5)]
            await asyncio.sleep(0.05)
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            return (await client.get("/quick")).status_code

    assert asyncio.run(ask()) == 200
    assert app.state.traffic.running == app.state.traffic.waiting == 0


def test_those_who_send_slowly_keep_nobody_out(runtime: Runtime) -> None:
    app = guarded(runtime, limits={"in_flight": 2, "wait_ms": 1000})

    async def trickle() -> object:
        for _ in range(10):
            yield b"x"
            await asyncio.sleep(0.05)

    async def ask() -> tuple[float, list[int]]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
            slow = [asyncio.create_task(client.post("/body", content=trickle())) for _ in range(10)]
            await asyncio.sleep(0.05)
            start = time.perf_counter()
            assert (await client.get("/quick")).status_code == 200
            took = time.perf_counter() - start
            return took, [(await task).json() for task in slow]

    took, sizes = asyncio.run(ask())
    assert took < 0.3
    assert sizes == [10] * 10
    assert app.state.traffic.running == 0


def test_an_answer_that_does_not_come_is_given_up(runtime: Runtime) -> None:
    client = TestClient(guarded(runtime, limits={"timeout_s": 0.1}))
    late = client.get("/slow?seconds=5")

    assert (late.status_code, late.json()["code"], late.headers["retry-after"]) == (503, "timed_out", "2")
    assert client.get("/stream").text == "part " * 6  # 0.3 s, but it has begun
    assert client.get("/slow?seconds=0").status_code == 200
