"""``/v1/bundle`` over HTTP, on rules that a release really learned from baskets."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from config.settings import Settings
from indexer.sync import index_stale
from service.app import create_app
from service.core.types import EventType, Interaction, Product
from service.runtime import Runtime, open_runtime
from service.store.catalog import product_ids, upsert_products
from service.store.events import record_events

START = datetime(2025, 6, 1, tzinfo=UTC)
# 10 baskets of each kind, 60 in all. tea is in 20, milk in 20, so tea -> milk: 10 together, confidence 1/2, lift 3/2
BASKETS = (
    ("tea", "milk"), ("tea", "honey", "mug-red", "mug-blue"), ("coffee", "milk"), ("coffee", "filter"),
    ("soap", "brush"), ("soap", "towel"),
)  # fmt: skip
COPIES = 10


def goods() -> list[Product]:
    named = {
        name: Product(name, f"Fine {name}", brand="Shop", category=("Food",), stock=5)
        for name in ("tea", "milk", "honey", "coffee", "filter", "soap", "brush", "lonely")
    }
    named["towel"] = Product("towel", "Fine towel", brand="Shop", category=("Bath",), stock=0)
    for colour in ("red", "blue"):
        name = f"mug-{colour}"
        named[name] = Product(
            name, f"{colour.title()} Mug", brand="Alba", category=("Kitchen",), attributes={"colour": colour}
        )
    return list(named.values())


def orders() -> Iterator[Interaction]:
    for number in range(len(BASKETS) * COPIES):
        for place, name in enumerate(BASKETS[number % len(BASKETS)]):
            at = START + timedelta(hours=number, minutes=place)
            yield Interaction(EventType.PURCHASE, at, user=f"u{number}", session=f"s{number}", product=name)


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory,
    settings_for: Callable[[Path], Settings],
    publish: Callable[[Runtime], None],
) -> Iterator[Runtime]:
    with open_runtime(settings_for(tmp_path_factory.mktemp("bundle"))) as runtime:
        with runtime.database.session() as session:
            upsert_products(session, goods())
            record_events(session, list(orders()), unknown_products="refuse", now=datetime.now(UTC))
        index_stale(runtime.outbox)
        publish(runtime)
        yield runtime


@pytest.fixture(scope="module")
def client(shop: Runtime) -> Iterator[TestClient]:
    with TestClient(create_app(shop), raise_server_exceptions=False) as client:
        yield client


def bundle(client: TestClient, *products: str, **wanted: Any) -> dict[str, Any]:
    answer = client.post("/v1/bundle", json={"products": products, "n": 10, **wanted})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def ids(body: dict[str, Any]) -> list[str]:
    return [item["id"] for item in body["items"]]


def test_a_product_comes_with_what_was_bought_with_it_and_the_figures_add_up(client: TestClient) -> None:
    body = bundle(client, "tea")
    milk = next(item for item in body["items"] if item["id"] == "milk")
    assert (milk["support"], milk["confidence"], milk["lift"]) == pytest.approx((10 / 60, 1 / 2, 3 / 2))
    assert milk["score"] == pytest.approx(math.log(3 / 2))
    assert (milk["source"], milk["reason"], milk["bought_with"]) == ("association", "Often bought together", ["tea"])
    assert ids(body)[0] in ("honey", "mug-red", "mug-blue")  # lift 3: whoever buys honey buys tea
    assert body["fallback"] is None
    assert body["release"]


def test_of_two_variants_one_is_offered_and_none_of_what_is_in_the_basket(client: TestClient) -> None:
    assert len({"mug-red", "mug-blue"} & set(ids(bundle(client, "tea")))) == 1
    assert not {"mug-red", "mug-blue"} & set(ids(bundle(client, "mug-red")))


def test_a_basket_adds_the_evidence_of_its_products(client: TestClient) -> None:
    body = bundle(client, "tea", "coffee")
    milk = next(item for item in body["items"] if item["id"] == "milk")
    assert milk["score"] == pytest.approx(2 * math.log(3 / 2))
    assert sorted(milk["bought_with"]) == ["coffee", "tea"]
    assert not {"tea", "coffee"} & set(ids(body))


def test_sold_out_and_excluded_and_filtered_products_never_appear(client: TestClient) -> None:
    assert ids(bundle(client, "soap")) == ["brush"]  # the towel is sold out
    assert "milk" not in ids(bundle(client, "tea", exclude_ids=["milk"]))
    food = {"must": [{"field": "category", "match": "Kitchen"}]}
    assert set(ids(bundle(client, "tea", filter=food))) <= {"mug-red", "mug-blue"}


def test_what_sold_out_a_moment_ago_is_left_out_at_once(client: TestClient) -> None:
    assert client.patch("/v1/products/filter", json={"stock": 0}).status_code == 200
    assert ids(bundle(client, "coffee")) == ["milk"]
    assert client.patch("/v1/products/filter", json={"stock": 5}).status_code == 200
    assert set(ids(bundle(client, "coffee"))) == {"milk", "filter"}


def test_a_short_answer_says_why(client: TestClient) -> None:
    assert "1 of 10" in bundle(client, "soap")["shortfall"]
    assert bundle(client, "soap", n=1)["shortfall"] is None


def test_without_a_rule_something_similar_comes_and_the_answer_says_so(client: TestClient) -> None:
    body = bundle(client, "lonely", n=2)
    assert len(body["items"]) == 2
    assert body["fallback"]["level"] == "content"
    assert "no rule" in body["fallback"]["reason"]
    assert {item["lift"] for item in body["items"]} == {None}
    assert "lonely" not in ids(body)


def test_unknown_products_among_known_ones_are_named(client: TestClient) -> None:
    body = bundle(client, "nothing", "tea")
    assert "milk" in ids(body)
    assert len(body["warnings"]) == 1
    assert "'nothing'" in body["warnings"][0]


def test_bad_requests_are_explained(client: TestClient) -> None:
    answer = client.post("/v1/bundle", json={"products": ["nothing", "neither"]})
    assert (answer.status_code, answer.json()["code"]) == (404, "product_not_found")
    assert answer.headers["content-type"].startswith("application/problem+json")
    for body in ({"products": []}, {"products": ["tea"], "n": 0}, {"products": ["tea"] * 51}, {"produkts": ["tea"]}):
        assert client.post("/v1/bundle", json=body).status_code == 422


def test_before_the_first_release_the_answer_says_so(reading: TestClient) -> None:
    body = bundle(reading, "mug-1", n=2)
    assert "no release is live" in body["fallback"]["reason"]
    assert "mug-3" not in ids(body)  # the same mug of the same brand in another colour is no complement


def test_what_is_deleted_is_gone_from_bundles(client: TestClient, shop: Runtime) -> None:
    assert "honey" in ids(bundle(client, "tea"))
    assert client.delete("/v1/products/honey").status_code in (200, 204)
    with shop.database.session() as session:
        assert not product_ids(session, "default", ["honey"])
    assert "honey" not in ids(bundle(client, "tea"))
