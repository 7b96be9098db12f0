"""Every answer has its reasons: the numbers add up, the sentence is true, and what is missing has one first cause."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from service.api.explain import ExplainOut
from service.api.slate_schemas import SlateOut
from service.app import create_app
from service.core.types import EventType, Interaction
from service.runtime import Runtime
from service.store.events import record_events

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def shop(own_shop: Runtime) -> Runtime:
    events = [
        Interaction(EventType.VIEW, NOW - timedelta(hours=2), user="anna", product="mug-1"),
        Interaction(EventType.CART, NOW - timedelta(hours=1), user="anna", product="mug-1"),
        Interaction(EventType.PURCHASE, NOW - timedelta(hours=9), user="anna", product="bag-1"),
        Interaction(EventType.HIDE, NOW - timedelta(hours=9), user="anna", product="bag-2"),
    ]
    with own_shop.database.session() as session:
        record_events(session, events, unknown_products="refuse", now=NOW)
    own_shop.count_popular()
    return own_shop


@pytest.fixture(scope="module")
def client(shop: Runtime) -> Iterator[TestClient]:
    with TestClient(create_app(shop), raise_server_exceptions=False) as client:
        yield client


def explain(client: TestClient, **wanted: object) -> dict:
    answer = client.post("/v1/explain", json=wanted)
    assert answer.status_code == 200, answer.text
    body: dict = answer.json()
    ExplainOut.model_validate(body)
    return body


def test_signals_and_adjustments_add_up_to_the_score(client: TestClient) -> None:
    for path, params in (("search", {"q": "red mug"}), ("home", {"user": "anna"}), ("similar/mug-1", {})):
        body = client.get(f"/v1/{path}", params={"explain": True, **params}).json()
        SlateOut.model_validate(body)
        assert body["items"]
        for item in body["items"]:
            assert sum(item["contributions"].values()) == pytest.approx(item["score"], abs=1e-9)
            for name, said in item["signals"].items():
                assert said["contribution"] == pytest.approx(item["contributions"].get(name, 0.0), abs=1e-9)
                assert said["contribution"] == pytest.approx(said["weight"] * said["normalised"], abs=1e-9)
                assert 1 <= said["rank"] <= said["of"]
            assert item["confidence"] in {"Very High", "High", "Medium", "Exploratory"}


def test_the_reason_names_what_really_led_there(client: TestClient) -> None:
    body = client.get("/v1/home", params={"user": "anna", "explain": True, "n": 3}).json()
    by_text = [item for item in body["items"] if item["source"] == "text"]
    assert by_text
    assert {(item["because"], item["reason"]) for item in by_text} <= {
        ("mug-1", "Because you put Red Mug in your cart"), ("bag-1", "Because you bought Red Bag"),
    }  # fmt: skip
    assert all(item["because"] != item["id"] for item in by_text)
    similar = client.get("/v1/similar/mug-1", params={"explain": True, "n": 1}).json()["items"][0]
    assert similar["because"] == "mug-1"
    plain = client.get("/v1/home", params={"user": "anna"}).json()["items"][0]
    assert "because" not in plain
    assert "signals" not in plain


@pytest.mark.parametrize(
    ("wanted", "cause", "says"),
    [
        ({"surface": "search", "query": "white mug", "product": "mug-4"}, "sold_out", "sold out"),
        ({"surface": "search", "query": "white lamp", "product": "lamp-4"}, "hidden", "`visible` is false"),
        ({"surface": "home", "user": "anna", "product": "bag-1"}, "had_already", "purchase"),
        ({"surface": "home", "user": "anna", "product": "bag-2"}, "hidden_by_user", "has hidden it"),
        ({"surface": "similar", "anchor": "mug-1", "product": "mug-1"}, "anchor", "others should resemble"),
        ({"surface": "search", "query": "mug", "product": "mug-1", "exclude_ids": ["mug-1"]}, "excluded", "excludes"),
        (
            {"surface": "search", "query": "mug", "product": "mug-1",
             "filter": {"must": [{"field": "brand", "match": "Alba"}]}},
            "filtered",
            "filter of the request",
        ),
        ({"surface": "search", "query": "red mug", "product": "bag-3", "n": 1}, "outranked", "others scored higher"),
    ],
)  # fmt: skip
def test_what_is_missing_has_one_first_cause(
    client: TestClient, wanted: dict[str, object], cause: str, says: str
) -> None:
    body = explain(client, **wanted)
    assert (body["shown"], body["rank"], body["cause"]) == (False, None, cause)
    assert says in body["says"]


def test_what_variety_passed_over_is_told(client: TestClient) -> None:
    wanted = {"surface": "search", "query": "red mug blue mug", "n": 2, "mmr_lambda": 0.0}
    best = client.post("/v1/search", json={"query": "red mug blue mug", "n": 2, "mmr_lambda": 1.0}).json()["items"]
    causes = {explain(client, product=item["id"], **wanted)["cause"] for item in best}
    assert causes == {"shown", "diversity"}


def test_every_product_of_the_shop_has_exactly_one_cause(client: TestClient) -> None:
    slate = client.post("/v1/home", json={"user": "anna", "n": 4}).json()
    shown = {item["id"] for item in slate["items"]}
    for kind in ("mug", "lamp", "bag"):
        for number in range(1, 5):
            body = explain(client, surface="home", user="anna", n=4, product=f"{kind}-{number}")
            assert body["shown"] is (f"{kind}-{number}" in shown)
            assert (body["cause"] == "shown") is body["shown"]
            assert body["says"]


def test_nothing_counts_as_shown(client: TestClient, shop: Runtime) -> None:
    before = shop.impressions.state
    explain(client, surface="home", user="anna", product="mug-1")
    after = shop.impressions.state
    assert (after.written, after.waiting) == (before.written, before.waiting) or after.waiting == 0


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({"surface": "home", "product": "no-such"}, 404),
        ({"surface": "search", "product": "mug-1"}, 422),
        ({"surface": "home", "product": "mug-1", "query": "mug"}, 422),
        ({"surface": "similar", "product": "mug-1"}, 422),
        ({"surface": "similar", "product": "mug-1", "anchor": "no-such"}, 404),
        ({"surface": "attic", "product": "mug-1"}, 422),
        ({"surface": "home", "product": "mug-1", "n": 0}, 422),
    ],
)
def test_impossible_questions_are_refused(client: TestClient, wanted: dict[str, object], status: int) -> None:
    answer = client.post("/v1/explain", json=wanted)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_search_is_explained_as_it_is_answered(client: TestClient) -> None:
    asked: dict = {"terms": {"mug": 1.0, "blue": -0.5}, "n": 3}
    shown = [item["id"] for item in client.post("/v1/search", json=asked).json()["items"]]
    for slot, product in enumerate(shown, 1):
        told = explain(client, surface="search", product=product, **asked)
        assert (told["shown"], told["rank"]) == (True, slot)
    beside = {"query": "but in blue", "ignore": ["colour"]}
    (like, *_) = client.post("/v1/search", json={"product": "mug-1", **beside}).json()["items"]
    assert explain(client, surface="search", anchor="mug-1", product=like["id"], **beside)["rank"] == 1
    assert explain(client, surface="search", anchor="mug-1", product="mug-1", **beside)["cause"] == "anchor"


@pytest.mark.parametrize(
    "asked",
    [
        {"surface": "search"}, {"surface": "similar"}, {"surface": "home", "anchor": "mug-1"},
        {"surface": "similar", "anchor": "mug-1", "query": "mug"}, {"surface": "search", "terms": {"mug": -1.0}},
    ],
)  # fmt: skip
def test_what_no_surface_is_asked_with_is_refused(client: TestClient, asked: dict) -> None:
    answer = client.post("/v1/explain", json={"product": "mug-1", **asked})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
