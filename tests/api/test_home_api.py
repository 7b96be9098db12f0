"""``/v1/home`` and ``/v1/trending`` over HTTP: newcomers, histories, and a click that counts at once."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from service.api.home_schemas import HomeOut
from service.api.slate_schemas import SlateOut
from service.app import create_app
from service.context import Request
from service.core.impression import Impression
from service.core.types import EventType, Interaction
from service.pipeline import recommend
from service.runtime import Runtime
from service.store.catalog import product_ids
from service.store.events import record_events
from service.store.impressions import impressions_of_request, write_impressions
from service.store.users import put_user

NOW = datetime.now(UTC)


def did(kind: EventType, product: str, user: str, hours_ago: float) -> Interaction:
    return Interaction(kind, NOW - timedelta(hours=hours_ago), user=user, product=product)


def record(runtime: Runtime, *events: Interaction) -> None:
    with runtime.database.session() as session:
        outcomes = record_events(session, events, unknown_products="refuse", now=datetime.now(UTC))
    assert [outcome.status for outcome in outcomes] == ["recorded"] * len(events)


@pytest.fixture(scope="module")
def shop(own_shop: Runtime) -> Runtime:
    with own_shop.database.session() as session:
        put_user(session, "default", "newcomer", preferences={"categories": ["Bags"], "brands": ["Quill"]}, now=NOW)
    # bag-2 trends: four views in the last hours; lamp-1 had more, two weeks ago
    record(own_shop, *(did(EventType.VIEW, "bag-2", f"u{n}", n) for n in range(1, 5)))
    record(own_shop, *(did(EventType.VIEW, "lamp-1", f"u{n}", 24 * 14 + n) for n in range(1, 9)))
    own_shop.count_popular()
    return own_shop


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


def test_a_search_alone_makes_a_feed_personal(client: TestClient, shop: Runtime) -> None:
    record(shop, Interaction(EventType.SEARCH, NOW, user="searcher", query="green lamp"))
    client.get("/v1/search", params={"q": "green lamp"})
    body = home(client, user="searcher")
    assert (body["fallback"], ids(body)[0], body["items"][0]["source"]) == (None, "lamp-3", "searches")


def test_a_search_made_elsewhere_counts_a_moment_later(client: TestClient, shop: Runtime) -> None:
    record(shop, Interaction(EventType.SEARCH, NOW, user="elsewhere", query="a white bag"))
    end = time.monotonic() + 5
    while not any("searches" in item["contributions"] for item in home(client, user="elsewhere")["items"]):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert "bag-4" in ids(home(client, user="elsewhere"))[:3]


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


SHELVES = "for_you,recently_viewed,buy_again,top_categories,trending,best_value,new_arrivals"


def page(client: TestClient, **wanted: object) -> dict:
    answer = client.get("/v1/home", params={"shelves": "all", **wanted})
    assert answer.status_code == 200, answer.text
    body: dict = answer.json()
    HomeOut.model_validate(body)
    return body


def shelf(body: dict, name: str) -> list[str]:
    return [item["id"] for row in body["shelves"] if row["name"] == name for item in row["items"]]


def test_a_page_has_every_shelf_and_no_product_twice(client: TestClient, shop: Runtime) -> None:
    record(shop, did(EventType.VIEW, "lamp-3", "looker", 2), did(EventType.PURCHASE, "mug-2", "looker", 30))
    body = page(client, user="looker", n=2)
    names = [row["name"] for row in body["shelves"]]
    assert list(dict.fromkeys(names)) == SHELVES.split(",")
    shown = [item["id"] for row in body["shelves"] for item in row["items"]]
    assert len(shown) == len(set(shown))
    assert body["items"] == []
    assert all(len(row["items"]) == 2 or row["shortfall"] for row in body["shelves"])
    assert all(
        sum(item["contributions"].values()) == item["score"]
        for row in page(client, user="looker", n=2, explain=True)["shelves"][1:]
        for item in row["items"]
    )


def test_shelves_of_the_past_show_what_feeds_leave_out(client: TestClient, shop: Runtime) -> None:
    record(shop, did(EventType.PURCHASE, "mug-1", "again", 50), did(EventType.PURCHASE, "mug-3", "again", 40))
    record(shop, did(EventType.PURCHASE, "mug-1", "again", 30), did(EventType.VIEW, "bag-4", "again", 1))
    body = page(client, user="again", shelves="buy_again,recently_viewed,for_you,trending", n=9)
    assert shelf(body, "buy_again") == ["mug-1", "mug-3"]  # the one bought twice first
    assert shelf(body, "recently_viewed") == ["bag-4"]
    assert not {"mug-1", "mug-3", "bag-4"} & {*shelf(body, "for_you"), *shelf(body, "trending")}


def test_top_categories_are_the_visitors_own_first(client: TestClient, shop: Runtime) -> None:
    record(shop, did(EventType.VIEW, "lamp-2", "dim", 1))
    first = page(client, user="dim", shelves="top_categories")["shelves"][0]
    assert (first["category"], first["title"]) == ("Home > Lighting", "Popular in Lighting")
    assert page(client, user="newcomer", shelves="top_categories")["shelves"][0]["category"] == "Bags"


def test_a_newcomers_page_says_what_is_missing(client: TestClient) -> None:
    body = page(client, user="stranger")
    assert body["fallback"]["level"] == "global"
    reasons = {row["name"]: row["shortfall"] for row in body["shelves"]}
    assert reasons["recently_viewed"] == "nothing was looked at yet"
    assert reasons["buy_again"] == "nothing was bought yet"


def test_a_page_obeys_filters_and_exclusions(client: TestClient, shop: Runtime) -> None:
    record(shop, did(EventType.VIEW, "mug-1", "picky", 1), did(EventType.HIDE, "lamp-1", "picky", 1))
    wanted = {
        "user": "picky",
        "shelves": "all",
        "exclude_ids": ["mug-2"],
        "filter": {"must": [{"field": "category", "match": "Home"}]},
    }
    body = client.post("/v1/home", json=wanted).json()
    shown = {item["id"] for row in body["shelves"] for item in row["items"]}
    assert shown
    assert all(product.startswith(("mug", "lamp")) for product in shown)
    assert not {"mug-2", "mug-4", "lamp-1", "lamp-4"} & shown


def test_an_unknown_shelf_is_refused_with_the_list_of_those_there_are(client: TestClient) -> None:
    answer = client.get("/v1/home", params={"shelves": "trending,attic"})
    assert answer.status_code == 422
    assert "'attic'" in answer.json()["detail"]
    assert "buy_again" in answer.json()["detail"]
    assert client.post("/v1/home", json={"shelves": ["attic"]}).status_code == 422


def test_what_a_page_shows_is_kept_with_its_shelves(client: TestClient, shop: Runtime) -> None:
    body = page(client, user="kept", shelves="for_you,new_arrivals", n=2)
    end = time.monotonic() + 5
    while shop.impressions.state.waiting:
        assert time.monotonic() < end
        time.sleep(0.02)
    with shop.database.session() as session:
        found = impressions_of_request(session, "default", body["request_id"])
    assert [(one.shelf, one.user, len(one.items)) for one in found] == [
        ("for_you", "kept", 2),
        ("new_arrivals", "kept", 2),
    ]


def test_what_resembles_a_hidden_product_sinks(client: TestClient, shop: Runtime) -> None:
    record(shop, did(EventType.VIEW, "mug-1", "grumpy", 2), did(EventType.VIEW, "lamp-1", "grumpy", 3))
    before = ids(home(client, user="grumpy", n=10))
    record(shop, did(EventType.HIDE, "mug-2", "grumpy", 0))
    body = home(client, user="grumpy", n=10)
    assert "mug-2" not in ids(body)
    losses = {item["id"]: item["contributions"].get("disliked", 0.0) for item in body["items"]}
    assert losses["mug-1"] < losses["lamp-1"] == losses["bag-1"] == 0.0  # other mugs, but neither red lamps nor bags
    assert ids(body).index("mug-1") >= before.index("mug-1")


def test_what_was_shown_and_left_alone_sinks_where_rotation_is_on(shop: Runtime) -> None:
    surface = shop.params.surfaces["home"].model_copy(update={"rotation": 5.0, "mmr_lambda": 1.0})
    params = shop.params.model_copy(update={"surfaces": shop.params.surfaces | {"home": surface}})
    record(shop, did(EventType.VIEW, "mug-1", "tired", 2))
    services = replace(shop.services, params=params)

    def feed(number: int) -> list[int]:
        slate = recommend(services, Request("home", f"t-{number}", "default", user="tired", n=3))
        with shop.database.session() as session:
            at = datetime.now(UTC)
            who = ("tired", None, at, "personal", slate.items)
            write_impressions(session, [Impression(f"t-{number}", "default", "home", None, {}, None, *who)])
        return [item.product_id for item in slate.items]

    first, second, third = feed(1), feed(2), feed(3)
    with shop.database.session() as session:
        seen = set(product_ids(session, "default", ["mug-1"]).values())
    assert not (set(first) - seen) & set(second)
    assert set(third) - seen


def test_a_newcomer_sees_something_also_where_the_trend_has_no_weight(shop: Runtime) -> None:
    weights = shop.params.surfaces["home"].weights | {"trending": 0.0, "best_value": 0.0}
    surface = shop.params.surfaces["home"].model_copy(update={"weights": weights})
    params = shop.params.model_copy(update={"surfaces": shop.params.surfaces | {"home": surface}})
    slate = recommend(replace(shop.services, params=params), Request("home", "n-1", "default", user="nobody", n=2))
    assert len(slate.items) == 2
    assert {item.source for item in slate.items} == {"trending"}
