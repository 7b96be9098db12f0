"""Events over HTTP: recorded once, refused one by one, and never a server error whatever is sent."""

import asyncio
import json
import typing
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from config.settings import Settings
from service.api.event_schemas import EventIn
from service.api.event_writer import EventWriter
from service.app import create_app
from service.core.errors import DependencyUnavailable, InvalidQuery
from service.core.types import EventType, Interaction
from service.runtime import Runtime, open_runtime
from service.store.catalog import upsert_products
from service.store.events import EventOutcome, EventStatus, history

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
VIEW = {"type": "view", "user": "anna", "product": "mug-1"}
PROBLEM = "application/problem+json"


@dataclass
class Clock:
    """Shows what it is set to."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Shop:
    """A served shop whose clock can be turned."""

    http: TestClient
    runtime: Runtime
    clock: Clock

    def post(self, body: Any) -> Any:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.post("/v1/events", content=content, headers={"Content-Type": "application/json"})

    def results(self, body: Any) -> list[tuple[str, str | None]]:
        answer = self.post(body)
        assert answer.status_code == 200, answer.text
        results = answer.json()["results"]
        assert [result["index"] for result in results] == list(range(len(results)))
        return [(result["status"], result["reason"]) for result in results]

    def statuses(self, body: Any) -> list[str]:
        return [status for status, _ in self.results(body)]

    def refusal(self, **changes: Any) -> str:
        """Why this event is refused; it must keep out nothing else."""
        [first, second, third] = self.results([VIEW, {**VIEW, **changes}, VIEW])
        assert (first[0], second[0], third[0]) == ("recorded", "refused", "recorded")
        return str(second[1])

    def told(self, user: str, **params: Any) -> list[dict[str, Any]]:
        return self.http.get(f"/v1/users/{user}/events", params=params).raise_for_status().json()["events"]


@pytest.fixture(scope="module")
def _shop(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings], small_shop: Callable[[], list]
) -> Iterator[Shop]:
    clock = Clock()
    with open_runtime(settings_for(tmp_path_factory.mktemp("events"))) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, small_shop())
        with TestClient(create_app(runtime, clock=clock), raise_server_exceptions=False) as client:
            yield Shop(client, runtime, clock)


@pytest.fixture
def shop(_shop: Shop) -> Iterator[Shop]:
    """The shop of this module at noon."""
    yield _shop
    _shop.clock.now = NOON


def test_one_event_a_list_and_a_batch_are_all_understood(shop: Shop) -> None:
    assert shop.post(VIEW).json() == {
        "recorded": 1, "duplicates": 0, "refused": 0, "results": [{"index": 0, "status": "recorded", "reason": None}],
    }  # fmt: skip
    assert shop.statuses([VIEW, VIEW]) == ["recorded", "recorded"]
    assert shop.statuses({"events": [VIEW]}) == ["recorded"]
    assert shop.statuses({"events": []}) == []


def test_what_is_recorded_comes_back_as_it_was(shop: Shop) -> None:
    rating = {
        "type": "rating", "user": "rita", "session": "s1", "product": "mug-1", "value": 4.5, "event_id": "r-1",
        "request_id": "slate-9", "position": 3, "at": "2026-03-01T12:00:00+02:00",
    }  # fmt: skip
    search = {"type": "search", "user": "rita", "query": "  blue müg ₹ "}
    assert shop.statuses([rating, search]) == ["recorded", "recorded"]
    newest, oldest = shop.told("rita")
    now = "2026-03-01T12:00:00Z"
    assert oldest | {"user": "rita"} == {**rating, "at": "2026-03-01T10:00:00Z", "query": None, "received_at": now}
    assert newest == {
        **dict.fromkeys(oldest), "type": "search", "query": "blue müg ₹", "at": now, "received_at": now,
    }  # fmt: skip


@pytest.mark.parametrize("type", list(EventType))
def test_every_type_is_accepted(shop: Shop, type: EventType) -> None:
    assert shop.statuses({"type": type, "user": "tia", "product": "mug-1", "query": "mug", "value": 1}) == ["recorded"]


def test_the_api_knows_exactly_the_types_there_are() -> None:
    assert typing.get_args(EventIn.model_fields["type"].annotation) == tuple(map(str, EventType))


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        (1772366400, "2026-03-01T12:00:00Z"),
        (1772366400.5, "2026-03-01T12:00:00.500000Z"),
        (1772366400000, "2026-03-01T12:00:00Z"),
        ("1772366400", "2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00:00", "2026-03-01T12:00:00Z"),
        ("2026-03-01T17:30:00+05:30", "2026-03-01T12:00:00Z"),
        (None, "2026-03-01T12:00:00Z"),
        ("2026-03-02T11:59:00Z", "2026-03-02T11:59:00Z"),
    ],
)
def test_times_are_read_in_seconds_milliseconds_and_iso(shop: Shop, at: object, moment: str) -> None:
    assert shop.statuses({**VIEW, "user": "timo", "at": at}) == ["recorded"]
    assert moment in [event["at"] for event in shop.told("timo")]


def test_the_same_event_id_counts_once_in_one_body_and_across_bodies(shop: Shop) -> None:
    event = {**VIEW, "user": "ida", "event_id": "ida-1"}
    assert shop.statuses([event, event, {**event, "event_id": "ida-2"}]) == ["recorded", "duplicate", "recorded"]
    assert shop.statuses({**event, "product": "bag-1"}) == ["duplicate"]
    assert len(shop.told("ida")) == 2


def test_the_same_event_id_sent_at_once_from_many_sides_counts_once(shop: Shop) -> None:
    body = [{**VIEW, "user": "otto", "event_id": f"otto-{number}"} for number in range(50)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(shop.post, [body] * 8))
    assert sum(answer.json()["recorded"] for answer in answers) == 50
    assert sum(answer.json()["duplicates"] for answer in answers) == 350
    assert len(shop.told("otto")) == 50


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"type": "look"}, "type: Input should be 'view'"),
        ({"type": None}, "type: "),
        ({"type": ["view"]}, "type: "),
        ({"user": 42}, "user: Input should be a valid string (got 42)"),
        ({"user": ""}, "user: String should have at least 1 character"),
        ({"user": "x" * 129}, "user: String should have at most 128 characters"),
        ({"user": None}, "user or session is missing"),
        ({"product": None}, "view needs a product"),
        ({"product": "a\0b"}, "product: "),
        ({"product": "half \ud83d"}, "product: "),
        ({"type": "search"}, "search needs a query"),
        ({"type": "search", "query": "  "}, "query: "),
        ({"type": "search", "query": "a\0"}, "query: "),
        ({"type": "search", "query": "x" * 501}, "query: String should have at most 500 characters"),
        ({"value": float("nan")}, "value: "),
        ({"value": float("inf")}, "value: "),
        ({"value": "3"}, "value: Input should be a valid number"),
        ({"value": True}, "value: "),
        ({"value": -1}, "value: Input should be greater than or equal to 0"),
        ({"type": "rating"}, "value: a rating has 0 to 5 stars (got None)"),
        ({"type": "rating", "value": 5.5}, "value: a rating has 0 to 5 stars (got 5.5)"),
        ({"type": "purchase", "value": 0}, "value: the pieces of a purchase are above 0"),
        ({"position": 0}, "position: Input should be greater than or equal to 1"),
        ({"position": 1.5}, "position: "),
        ({"position": 10**30}, "position: "),
        ({"event_id": "x" * 10_000}, "event_id: String should have at most 128 characters"),
        ({"at": "yesterday"}, "at: neither ISO 8601 nor"),
        ({"at": True}, "at: neither ISO 8601 nor"),
        ({"at": []}, "at: neither ISO 8601 nor"),
        ({"at": float("nan")}, "at: neither ISO 8601 nor"),
        ({"at": 10**400}, "at: neither ISO 8601 nor"),
        ({"at": "0001-01-01T00:00:00+23:59"}, "at: "),
        ({"at": "9999-12-31T23:59:59-23:59"}, "at: "),
        ({"at": 0}, "at: before 1995 (got 0; here it is 2026-03-01T12:00:00+00:00)"),
        ({"at": "2026-03-02T12:00:01Z"}, "at: more than a day ahead (got '2026-03-02T12:00:01Z'; here it is"),
        ({"prodct": "mug-1"}, "prodct: Extra inputs are not permitted"),
    ],
    ids=lambda value: json.dumps(value)[:40] if isinstance(value, dict) else "",
)
def test_a_bad_event_is_refused_with_a_reason_and_the_others_are_kept(
    shop: Shop, changes: dict[str, Any], says: str
) -> None:
    assert shop.refusal(**changes).startswith(says)


def test_lines_that_are_no_objects_are_refused_one_by_one(shop: Shop) -> None:
    lines = [5, None, "view", [VIEW], {}, VIEW]
    assert shop.statuses(lines) == ["refused"] * 5 + ["recorded"]


def test_deep_json_is_refused_and_no_crash(shop: Shop) -> None:
    def nested(depth: int) -> bytes:
        return b"[" * depth + b"]" * depth

    good = json.dumps(VIEW).encode()
    for depth in (200, 900, 1000):
        line = good[:-1] + b', "query": ' + nested(depth) + b"}"
        assert shop.statuses(b"[" + line + b"," + good + b"]") == ["refused", "recorded"]
    assert shop.post(nested(100_000)).status_code == 422


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"5", b'"view"', b"{", b'{"events": 5}', b'{"events": {"type": "view"}}', b"[1,", b"\xff\xfe",
     b'[{"type": "view", "user": "\xff", "product": "mug-1"}]', b"\x00"],
)  # fmt: skip
def test_a_body_that_holds_no_events_is_a_problem(shop: Shop, body: bytes) -> None:
    answer = shop.post(body)
    assert (answer.status_code, answer.headers["content-type"], answer.json()["code"]) == (
        422, PROBLEM, "malformed_body",
    )  # fmt: skip
    assert '{"events": [...]}' in answer.json()["detail"]


def test_ten_thousand_events_in_one_body_are_too_many_and_the_limit_is_stated(shop: Shop) -> None:
    answer = shop.post([{**VIEW, "user": "many"}] * 10_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_events")
    assert "10000 events in one body; at most 1000 are accepted" in answer.json()["detail"]
    assert shop.http.get("/v1/users/many/events").status_code == 404
    assert shop.statuses([{**VIEW, "user": "many"}] * 1000) == ["recorded"] * 1000


def test_an_unknown_product_is_kept_by_default(shop: Shop) -> None:
    assert shop.statuses({**VIEW, "user": "kim", "product": "not-yet"}) == ["recorded"]
    assert [event["product"] for event in shop.told("kim")] == ["not-yet"]


def test_an_unknown_product_is_refused_if_the_policy_says_so(shop: Shop) -> None:
    events = shop.runtime.params.events.model_copy(update={"unknown_products": "refuse"})
    runtime = replace(shop.runtime, params=shop.runtime.params.model_copy(update={"events": events}))
    strict = Shop(TestClient(create_app(runtime), raise_server_exceptions=False), runtime, shop.clock)
    assert strict.refusal(product="nothing").startswith("there is no product with id 'nothing'")


def test_a_clock_that_goes_backwards_loses_nothing(shop: Shop) -> None:
    for minutes in (0, -60, -59):
        shop.clock.now = NOON + timedelta(minutes=minutes)
        assert shop.statuses({**VIEW, "user": "cleo", "product": f"mug-{minutes + 61}"}) == ["recorded"]
    assert [event["product"] for event in shop.told("cleo")] == ["mug-61", "mug-2", "mug-1"]
    assert shop.http.get("/v1/users/cleo").json()["last_seen_at"] == "2026-03-01T12:00:00Z"


def test_a_click_is_in_the_users_past_as_soon_as_it_is_acknowledged(shop: Shop) -> None:
    for number in range(5):
        shop.post({**VIEW, "user": "vera", "product": f"mug-{number % 4 + 1}"})
        with shop.runtime.database.session() as session:
            past = history(session, "default", user="vera", session_id=None, limit=100)
        assert len(past.products) == number + 1


def test_only_events_that_were_recorded_make_a_user(shop: Shop) -> None:
    assert shop.statuses([{**VIEW, "user": "ghost", "at": 0}]) == ["refused"]
    assert shop.http.get("/v1/users/ghost").status_code == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(EventIn.model_fields, JSON)), max_size=4))
def test_whatever_stands_in_a_line_there_is_one_result_per_line(shop: Shop, lines: list[dict[str, Any]]) -> None:
    assert len(shop.statuses([*lines, VIEW])) == len(lines) + 1


def test_the_documentation_shows_the_shape_of_an_event(shop: Shop) -> None:
    body = shop.http.get("/openapi.json").json()["paths"]["/v1/events"]["post"]["requestBody"]
    one, many, plain = body["content"]["application/json"]["schema"]["anyOf"]
    assert set(one["properties"]) == set(EventIn.model_fields)
    assert many["properties"]["events"] == plain == {"type": "array", "items": one}


EVENT = Interaction(EventType.VIEW, NOON, user="anna", product="mug-1")
RECORDED = EventOutcome(EventStatus.RECORDED)


def test_requests_that_wait_are_committed_together_and_each_gets_its_own_answer() -> None:
    written: list[int] = []

    def write(events: Any) -> list[EventOutcome]:
        written.append(len(events))
        return [EventOutcome(EventStatus.RECORDED, event.event_id) for event in events]

    async def send() -> list[list[EventOutcome]]:
        writer = EventWriter(write, most_waiting=100)
        bodies = [[replace(EVENT, event_id=f"{body}-{line}") for line in range(body)] for body in range(5)]
        return await asyncio.gather(*map(writer.record, bodies))

    answers = asyncio.run(send())
    assert [[outcome.reason for outcome in answer] for answer in answers] == [
        [f"{body}-{line}" for line in range(body)] for body in range(5)
    ]
    assert written == [10]


def test_one_request_that_cannot_be_written_keeps_no_other_out() -> None:
    def write(events: Any) -> list[EventOutcome]:
        if any(event.user == "bad" for event in events):
            raise InvalidQuery("a value cannot be stored")
        return [RECORDED] * len(events)

    async def send() -> list[Any]:
        writer = EventWriter(write, most_waiting=100)
        users = ("good", "bad", "fine")
        return await asyncio.gather(
            *(writer.record([replace(EVENT, user=user)]) for user in users), return_exceptions=True
        )

    good, bad, fine = asyncio.run(send())
    assert good == fine == [RECORDED]
    assert isinstance(bad, InvalidQuery)


def test_a_database_that_does_not_answer_is_asked_once_and_everyone_is_told() -> None:
    asked = 0

    def write(events: Any) -> list[EventOutcome]:
        nonlocal asked
        asked += 1
        raise DependencyUnavailable("locked")

    async def send() -> list[Any]:
        writer = EventWriter(write, most_waiting=2)
        return await asyncio.gather(*(writer.record([EVENT]) for _ in range(3)), return_exceptions=True)

    answers = asyncio.run(send())
    assert [answer.code for answer in answers] == ["dependency_unavailable", "dependency_unavailable", "too_busy"]
    assert asked == 1
