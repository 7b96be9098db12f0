"""Requests leave when they are due, and what happens to them is told."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import numpy as np

from eval.load.generator import Plan, send
from eval.load.measured import Measured, measured, summary

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]

ASK = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def server(answer: Answer) -> Iterator[int]:
    """The port of a small server in a thread; `answer` writes what it says to each request."""
    ready, ports = threading.Event(), []
    loop = asyncio.new_event_loop()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def serve() -> None:
        stop.append(asyncio.Event())
        async with await asyncio.start_server(talk, "127.0.0.1", 0) as listening:
            ports.append(listening.sockets[0].getsockname()[1])
            ready.set()
            await stop[0].wait()

    stop: list[asyncio.Event] = []
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait()
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop[0].set)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


async def good(writer: asyncio.StreamWriter) -> None:
    writer.write(GOOD)


def run(port: int, count: int, rate: float, timeout_s: float = 30.0, connections: int = 100) -> Measured:
    plan = Plan("127.0.0.1", port, [ASK] * count, rate, timeout_s, connections)
    return measured(plan, send(plan), ["home"] * count)


def test_requests_are_sent_at_the_rate_that_was_asked_for() -> None:
    with server(good) as port:
        figures = summary(run(port, 200, 200))
    assert (figures["offered"], figures["errors"]) == (200.0, 0)
    assert figures["achieved"] > 190
    assert figures["by_surface"]["home"]["requests"] == 200


def test_a_server_that_stands_still_for_a_second_shows_in_p99_although_later_answers_are_quick() -> None:
    """A client that waits for each answer would see one slow request of 300, which is no p99."""
    asked = 0

    async def stalls(writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        if asked == 50:
            time.sleep(1)  # the whole server
        writer.write(GOOD)

    with server(stalls) as port:
        figures = summary(run(port, 300, 100))
    assert figures["errors"] == 0
    # of the 100 requests that were due in that second each waited for its end: 1.00, 0.99, 0.98 … s
    assert 940 < figures["p99_ms"] < 1300
    assert figures["p50_ms"] < 100


def test_latency_counts_from_when_a_request_was_due_even_if_it_waits_for_a_connection() -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(GOOD)

    with server(slow) as port:
        found = run(port, 20, 100, connections=1)
    # one connection answers every 0.1 s, one request is due every 0.01 s: the last, due after 0.19 s, ends after 2 s
    np.testing.assert_allclose(found.ms[-1], 1810, atol=250)
    assert found.waited == 19
    assert not summary(found)["generator"]["is_behind"]


def test_errors_are_counted_by_reason() -> None:
    asked = 0

    async def moody(writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        if asked == 2:
            writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
        elif asked == 4:
            writer.close()
        elif asked == 6:
            await asyncio.sleep(0.6)
        else:
            writer.write(GOOD)

    with server(moody) as port:
        found = run(port, 10, 20, timeout_s=0.3)
    figures = summary(found)
    assert figures["reasons"] == {"http_503": 1, "connection_broken": 1, "timeout": 1}
    assert figures["errors"] == 3
    assert 300 <= figures["max_ms"] < 500  # what was given up waiting for counts with what it waited


def test_a_port_where_nobody_listens_is_named_and_has_no_latency() -> None:
    with server(good) as port:
        pass
    figures = summary(run(port, 5, 50))
    assert figures["reasons"] == {"not_connected": 5}
    assert (figures["p99_ms"], figures["achieved"]) == (None, 0.0)


def test_an_answer_in_pieces_and_a_server_that_closes_each_connection_are_fine() -> None:
    async def chunked(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1\r\n{\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(b"1\r\n}\r\n0\r\n\r\n")
        writer.close()

    with server(chunked) as port:
        assert summary(run(port, 20, 100))["errors"] == 0
