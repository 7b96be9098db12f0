"""Sessions in a real Redis: shared, bounded, forgotten in time, and nobody notices when it goes away."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.serving import SessionParams
from service.core.errors import ConfigurationError
from service.core.told import Told
from service.sessions import Sessions, open_sessions
from service.store.redis_link import RedisLink
from tests.redis_server import RedisServer, running_redis

PARAMS = SessionParams(ttl_s=60, most=3, in_memory=100)
LOOK_S = 0.02


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    """One server for all tests here."""
    with running_redis() as server:
        yield server


@pytest.fixture
def link(redis_server: RedisServer) -> Iterator[RedisLink]:
    """The way to it."""
    link = RedisLink(redis_server.url, look_s=LOOK_S)
    yield link
    link.close()


@pytest.fixture(params=["memory", "redis"])
def sessions(request: pytest.FixtureRequest) -> Sessions:
    """Sessions of one process, once without and once with Redis."""
    return open_sessions(PARAMS, request.getfixturevalue("link") if request.param == "redis" else None)


def wait_for(condition: object, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def test_what_was_told_last_comes_first(sessions: Sessions) -> None:
    sessions.remember("shop", "s1", Told(viewed=("b", "a"), categories=("Home",)))
    sessions.remember("shop", "s1", Told(viewed=("c", "a"), bought=("x",)))

    assert sessions.recall("shop", "s1") == Told(viewed=("c", "a", "b"), bought=("x",), categories=("Home",))


def test_only_the_newest_are_kept(sessions: Sessions) -> None:
    for name in "abcde":
        sessions.remember("shop", "s2", Told(viewed=(name,)))

    assert sessions.recall("shop", "s2") == Told(viewed=("e", "d", "c"))


def test_sessions_and_tenants_are_apart(sessions: Sessions) -> None:
    sessions.remember("shop", "a\0b", Told(viewed=("x",)))
    sessions.remember("shop", "ключ 🛒 \ud800", Told(viewed=("y \ud800",)))

    assert sessions.recall("shop", "a") == sessions.recall("shop\0a", "b") == Told()
    assert sessions.recall("shop", "a\0b") == Told(viewed=("x",))
    assert sessions.recall("shop", "ключ 🛒 \ud800") == Told(viewed=("y \ud800",))


def test_a_session_can_be_forgotten(sessions: Sessions) -> None:
    sessions.remember("shop", "s3", Told(viewed=("x",)))
    sessions.forget("shop", "s3")

    assert sessions.recall("shop", "s3") == Told()


def test_in_memory_a_quiet_session_ends_and_the_number_is_bounded() -> None:
    clock = [0.0]
    sessions = Sessions(PARAMS, now=lambda: clock[0])
    sessions.remember("shop", "early", Told(viewed=("x",)))
    clock[0] = 61.0
    for number in range(200):
        sessions.remember("shop", f"s{number}", Told(viewed=("x",)))

    assert not sessions.recall("shop", "early")
    assert sum(bool(sessions.recall("shop", f"s{number}")) for number in range(200)) == PARAMS.in_memory


def test_in_redis_a_quiet_session_ends(redis_server: RedisServer, link: RedisLink) -> None:
    open_sessions(PARAMS.model_copy(update={"ttl_s": 0.05}), link).remember("shop", "brief", Told(viewed=("x",)))
    time.sleep(0.1)

    assert open_sessions(PARAMS, link).recall("shop", "brief") == Told()
    assert all(redis_server.client().pttl(key) > 0 for key in redis_server.client().keys("*"))  # nothing stays for ever


def test_processes_share_what_was_told(redis_server: RedisServer, link: RedisLink) -> None:
    other = RedisLink(redis_server.url)
    open_sessions(PARAMS, link).remember("shop", "shared", Told(viewed=("x",)))
    told = open_sessions(PARAMS, other).recall("shop", "shared")
    other.close()

    assert told == Told(viewed=("x",))


def test_nobody_notices_a_killed_server_and_it_is_used_again_once_it_is_back(
    redis_server: RedisServer, link: RedisLink
) -> None:
    sessions = open_sessions(PARAMS, link)
    stop = threading.Event()
    slowest, wrong = [0.0], []

    def traffic(name: str) -> None:
        count = 0
        while not stop.is_set():
            start = time.perf_counter()
            try:
                sessions.remember("shop", name, Told(viewed=(f"p{count}",)))
                if sessions.recall("shop", name).viewed[:1] != (f"p{count}",):
                    wrong.append(count)
            except Exception as error:  # noqa: BLE001  whatever it is, it is told below
                wrong.append(error)
            slowest[0] = max(slowest[0], time.perf_counter() - start)
            count += 1
            time.sleep(0.001)

    threads = [threading.Thread(target=traffic, args=(f"t{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(0.05)
        redis_server.kill()
        wait_for(lambda: not link.state.up)
        time.sleep(0.05)
        redis_server.start()
        wait_for(lambda: link.state.up)
    stop.set()
    for thread in threads:
        thread.join()

    assert not wrong
    assert link.state.failures >= 3
    assert link.state.skipped > 0
    assert slowest[0] < 1.0


def test_a_server_that_hangs_costs_one_time_out_and_then_nothing(redis_server: RedisServer) -> None:
    link = RedisLink(redis_server.url, timeout_s=0.1, look_s=LOOK_S)
    sessions = open_sessions(PARAMS, link)
    sessions.remember("shop", "s4", Told(viewed=("before",)))
    redis_server.freeze()
    try:
        start = time.perf_counter()
        for _ in range(200):
            assert sessions.recall("shop", "s4") == Told(viewed=("before",))
        took = time.perf_counter() - start
    finally:
        redis_server.thaw()
    wait_for(lambda: link.state.up)
    link.close()

    assert took < 1.0  # not 200 x 0.1 s
    assert (link.state.failures, link.state.skipped, link.state.error) == (1, 199, "TimeoutError")


def test_a_server_that_refuses_is_not_taken_for_one_that_is_gone(redis_server: RedisServer, link: RedisLink) -> None:
    sessions = open_sessions(PARAMS, link)
    redis_server.client().config_set("maxmemory", "1")
    try:
        sessions.remember("shop", "s5", Told(viewed=("x",)))
    finally:
        redis_server.client().config_set("maxmemory", "0")

    assert sessions.recall("shop", "s5") == Told(viewed=("x",))  # from memory
    assert (link.state.up, link.state.failures) == (True, 1)


def test_no_redis_at_the_start_is_no_reason_to_fail(tmp_path: Path) -> None:
    link = RedisLink(f"unix://{tmp_path}/nothing.sock", look_s=LOOK_S)
    sessions = open_sessions(PARAMS, link)
    sessions.remember("shop", "s6", Told(viewed=("x",)))
    told = sessions.recall("shop", "s6")
    link.close()

    assert told == Told(viewed=("x",))
    assert not link.state.up


def test_an_address_that_is_none_is_told_without_its_password() -> None:
    with pytest.raises(ConfigurationError) as refused:
        RedisLink("http://:hunter2@redis:6379")
    assert "VITRINE_REDIS_URL" in str(refused.value)
    assert "hunter2" not in str(refused.value)
