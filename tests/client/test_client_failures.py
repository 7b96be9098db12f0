"""What a shop's code meets on a bad day: each is one error that says what to do, or is waited out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import httpx
import orjson
import pytest

from service.client import AsyncVitrine, Patience, Vitrine, VitrineError

URL = "http://shop.example"
BUSY: Any = {"title": "Unavailable", "status": 503, "code": "overloaded", "detail": "too much at once"}
GOOD: Any = {"recorded": 1, "duplicates": 0, "refused": 0, "results": [{"index": 0, "status": "recorded"}]}
Answer = Callable[[httpx.Request], httpx.Response]


class Scripted:
    """Answers in turn what it was given; an exception is raised."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers, self.asked, self.slept = list(answers), list[httpx.Request](), list[float]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @contextmanager
    def client(self, patience: Patience | None = None) -> Iterator[Vitrine]:
        """A client of it that does not really sleep."""
        with httpx.Client(transport=httpx.MockTransport(self)) as http:
            yield Vitrine(URL, http=http, patience=patience, sleep=self.slept.append)

    def raised_by(self, ask: Callable[[Vitrine], object], patience: Patience | None = None) -> VitrineError:
        """The error of a request."""
        with self.client(patience) as client, pytest.raises(VitrineError) as raised:
            ask(client)
        return raised.value


def refused(status: int, retry_after: str | None = None, **told: Any) -> httpx.Response:
    body = {"title": "", "status": status, "code": "some_code", "detail": "what to do", **told}
    return httpx.Response(status, headers={"Retry-After": retry_after} if retry_after else {}, json=body)


def test_events_refused_for_now_are_sent_again_as_the_same_events() -> None:
    script = Scripted(refused(503, "2"), refused(429, "1"), httpx.Response(200, json=GOOD))
    with script.client() as client:
        assert client.event(type="view", user="ann", product="mug-1").recorded == 1
    assert script.slept == [2, 1]
    sent = {request.content for request in script.asked}
    assert len(sent) == 1
    assert orjson.loads(sent.pop())["events"][0]["event_id"]


def test_what_would_be_done_twice_is_sent_once() -> None:
    script = Scripted(httpx.ReadError("gone"))
    error = script.raised_by(lambda client: client.add_rule(consequence={"kind": "exclude"}))
    assert (error.status, error.code, len(script.asked)) == (None, "connection_broken", 1)


def test_a_service_that_asks_for_a_longer_pause_than_we_have_is_not_waited_for() -> None:
    script = Scripted(refused(429, "60", code="too_many_requests"))
    error = script.raised_by(lambda client: client.home())
    assert (error.status, error.code, error.retry_after, error.is_temporary) == (429, "too_many_requests", 60.0, True)
    assert script.slept == []


def test_patience_ends() -> None:
    script = Scripted(*[refused(503)] * 4)
    error = script.raised_by(lambda client: client.home(), Patience(tries=4, first_s=1, longest_s=30))
    assert (error.status, len(script.asked)) == (503, 4)
    assert all(low / 2 <= pause <= low for low, pause in zip((1, 2, 4), script.slept, strict=True))


def test_a_slow_answer_is_not_asked_for_again() -> None:
    script = Scripted(httpx.ReadTimeout("too slow"))
    error = script.raised_by(lambda client: client.home())
    assert (error.status, error.code, len(script.asked), error.is_temporary) == (None, "timed_out", 1, True)
    assert isinstance(error.__cause__, httpx.ReadTimeout)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(200, text="<html>Welcome to nginx"), "unexpected_answer"),
        (httpx.Response(200, json={"items": []}), "unexpected_answer"),
        (httpx.Response(200, json=[]), "unexpected_answer"),
        (httpx.Response(200, json={"recorded": 1, "duplicates": 0, "refused": 0, "results": {}}), "unexpected_answer"),
        (httpx.Response(200, content=b""), "unexpected_answer"),
        (httpx.Response(301, headers={"Location": "https://elsewhere.example/"}), "http_error"),
        (httpx.Response(404, text="no such page"), "http_error"),
        (httpx.Response(400, json={"detail": ["fastapi", "of another kind"]}), "http_error"),
        (httpx.Response(413, json="short"), "http_error"),
    ],
)
def test_what_no_vitrine_answers_is_told_and_shown(answer: httpx.Response, code: str) -> None:
    error = Scripted(answer).raised_by(lambda client: client.event(type="view", user="a", product="b"))
    assert (error.status, error.code) == (answer.status_code, code)


def test_an_answer_with_more_in_it_is_read_as_before() -> None:
    with Scripted(httpx.Response(200, json={**GOOD, "new": {"in": "version 9"}})).client() as client:
        assert client.event(type="view", user="a", product="b").recorded == 1


@pytest.mark.parametrize("url", ["localhost:8000", "", "ftp://shop.example", "http://", "http://a b", "/v1"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="is no address of a service"):
        Vitrine(url)


def test_a_key_is_shown_to_the_service_and_to_nobody_who_prints_the_client() -> None:
    script = Scripted(httpx.Response(200, json={"status": "ok"}))
    with httpx.Client(transport=httpx.MockTransport(script)) as http:
        client = Vitrine(f"{URL}/behind/a/proxy/", key="vk_secret", http=http)
        assert client.live() == {"status": "ok"}
    assert script.asked[0].headers["X-API-Key"] == "vk_secret"
    assert str(script.asked[0].url) == f"{URL}/behind/a/proxy/health/live"
    assert "vk_secret" not in repr(client)
    with pytest.raises(ValueError, match="a key and a token"):
        Vitrine(URL, key="vk_secret", token="t")


def test_a_host_that_nobody_knows_is_told() -> None:
    script = Scripted(*[httpx.ConnectError("[Errno -2] Name or service not known")] * 3)
    error = script.raised_by(lambda client: client.home())
    assert (error.code, len(script.asked)) == ("not_connected", 3)
    assert "Name or service not known" in str(error)


def test_a_port_where_nobody_listens_is_told() -> None:
    with Vitrine("http://127.0.0.1:9", patience=Patience(tries=1)) as client, pytest.raises(VitrineError) as raised:
        client.home()
    assert raised.value.code == "not_connected"


def test_awaited_requests_are_as_patient() -> None:
    script = Scripted(refused(503, "2"), httpx.Response(200, json=GOOD), httpx.ConnectTimeout("late"))

    async def sleep(seconds: float) -> None:
        script.slept.append(seconds)

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(script)) as http:
            client = AsyncVitrine(URL, http=http, sleep=sleep)
            assert (await client.event(type="view", user="a", product="b")).recorded == 1
            with pytest.raises(VitrineError) as raised:
                await client.home()
            assert raised.value.code == "not_connected"

    anyio.run(ask)
    assert script.slept == [2]
