"""``/v1/home`` and ``/v1/trending`` over HTTP: newcomers, histories, and a click that counts at once."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from config.settings import Settings
from indexer.sync import index_stale
from service.api.schemas import SlateOut
from service.app import create_app
from service.core.types import EventType, Interaction, Product
from service.runtime import Runtime, open_runtime
from service.store.catalog import upsert_products
from service.store.events import record_events
from service.store.users import put_user

NOW = datetime.now(UTC)


def did(kind: EventType, product: str, user: str, hours_ago: float) -> Interaction:
    return Interaction(kind, NOW - timedelta(hours=hours_ago), user=user, product=product)


def record(runtime: Runtime, *events: Interaction) -> None:
    with runtime.database.session() as session:
        outcomes = record_events(session, events, unknown_products="refuse", now=datetime.now(UTC))
    assert [outcome.status for outcome in outcomes] == ["recorded"] * len(events)


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory,
    settings_for: Callable[[Path], Settings],
    small_shop: Callable[[], list[Product]],
) -> Iterator[Runtime]:
    with open_runtime(settings_for(tmp_path_factory.mktemp("home"))) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, small_shop())
            put_user(session, "default", "newcomer", preferences={"categories": ["Bags"], "brands": ["Quill"]}, now=NOW)
        index_stale(runtime.outbox)
        # bag-2 trends: four views in the last hours; lamp-1 had more, two weeks ago
        record(runtime, *(did(EventType.VIEW, "bag-2", f"u{n}", n) for n in range(1, 5)))
        record(runtime, *(did(EventType.VIEW, "lamp-1", f"u{n}", 24 * 14 + n) for n in range(1, 9)))
        runtime.count_popular()
        yield runtime


@pytest.fixture(scope="module")
def client(shop: Runtime) -> Iterator[TestClient]:
    with TestClient(create_app(shop), raise_server_exceptions=False) as client:
        yield client


def home(client: TestClient, **wanted: object) -> dict:
    answer = client.get("/v1/home", params={"n": 5, "explain": True, **wanted})
    assert answer.status_code == 200, answer.text
    body: dict = answer.json()
    SlateOut.model_validate(body)
    return body


def ids(body: dict) -> list[str]:
    return [item["id"] for item in body["items"]]


def test_a_newcomer_gets_what_is_popular_and_is_told_so(client: TestClient) -> None:
    body = home(client, user="nobody-knows")
    assert ids(body)[0] == "bag-2"
    assert body["fallback"] == {"level": "global", "reason": "nothing is known of this user yet"}
    assert {item["level"] for item in body["items"]} == {"global"}


def test_preferences_work_before_the_first_event(client: TestClient) -> None:
    body = home(client, user="newcomer")
    assert body["fallback"]["level"] == "category"
    assert all("Bags" in item["category"] for item in body["items"])


def test_a_click_counts_in_the_very_next_answer(client: TestClient, shop: Runtime) -> None:
    assert home(client, user="fresh")["fallback"]
    record(shop, did(EventType.CLICK, "mug-1", "fresh", 0))
    start = time.monotonic()
    body = home(client, user="fresh")
    assert (body["fallback"], body["items"][0]["level"]) == (None, "content")
    assert ids(body)[0].startswith("mug")
    assert time.monotonic() - start < 2


def test_an_anonymous_session_has_a_feed_too(client: TestClient, shop: Runtime) -> None:
    record(shop, Interaction(EventType.CART, NOW, session="s-1", product="lamp-2"))
    body = home(client, session="s-1")
    assert body["fallback"] is None
    assert any(item["id"].startswith("lamp") for item in body["items"][:3])


def test_what_was_bought_or_hidden_is_not_shown_again(client: TestClient, shop: Runtime) -> None:
    record(shop, did(EventType.PURCHASE, "bag-2", "buyer", 1), did(EventType.HIDE, "bag-1", "buyer", 0))
    assert not {"bag-1", "bag-2"} & set(ids(home(client, user="buyer", n=10)))


def test_who_was_away_for_long_is_greeted_like_a_newcomer(client: TestClient, shop: Runtime) -> None:
    record(shop, did(EventType.VIEW, "mug-1", "away", 24 * 45))
    assert home(client, user="away")["fallback"]["reason"] == "the last event of this user is 45 days old"


def test_a_feed_obeys_filters_and_says_when_it_falls_short(client: TestClient) -> None:
    body = home(client, user="nobody-knows", category="Home > Kitchen", n=5)
    assert all(item["category"] == ["Home", "Kitchen"] for item in body["items"])
    assert body["shortfall"]


def test_the_contributions_add_up(client: TestClient, shop: Runtime) -> None:
    record(shop, did(EventType.VIEW, "lamp-2", "adder", 0))
    for item in home(client, user="adder")["items"]:
        assert sum(item["contributions"].values()) == pytest.approx(item["score"], abs=1e-9)


def test_trending_forgets(client: TestClient) -> None:
    body = client.get("/v1/trending", params={"n": 2}).json()
    assert [item["id"] for item in body["items"]] == ["bag-2", "lamp-1"]
    assert body["categories"] == ["Bags", "Home"]
    newest = client.get("/v1/trending", params={"kind": "newest", "n": 20}).json()
    assert "mug-4" not in [item["id"] for item in newest["items"]]  # sold out


def test_lists_that_are_not_kept_are_named(client: TestClient) -> None:
    answer = client.get("/v1/trending", params={"category": "Gardens"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_category")
    assert client.get("/v1/trending", params={"kind": "magic"}).status_code == 422
    assert client.get("/v1/home", params={"user": "x" * 129}).status_code == 422
