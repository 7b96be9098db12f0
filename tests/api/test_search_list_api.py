"""``/v1/search`` as a list: counted, sorted, page by page."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.api.list_schemas import SearchOut
from service.core.cursor import read_cursor, write_cursor
from service.core.types import Product
from service.words.relax import NEAREST

CHOICES: dict[str, list[dict[str, Any]]] = {
    "brand": [{"match": "Alba"}, {"match": ["Alba", "Quill"]}, {"match": "nobody"}],
    "category": [{"match": "Home"}, {"match": ["Home > Kitchen", "Bags"]}],
    "price": [{"range": {"lt": 15}}, {"range": {"gte": 10, "lt": 20}}],
    "in_stock": [{"match": True}, {"match": False}],
    "attributes.colour": [{"match": ["red", "blue"]}, {"match": "white"}],
}
FACETS = list(CHOICES)
AS_ASKED = {"weights": {"text": 0.35}}  # as configured; whoever sends weights is answered as asked, without fallbacks


def ask(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/search", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pages(client: TestClient, **body: Any) -> Iterator[dict[str, Any]]:
    cursor = None
    for _ in range(50):
        page = ask(client, **body, **({"cursor": cursor} if cursor else {}))
        yield page
        cursor = page["next_cursor"]
        if cursor is None:
            return
    raise AssertionError("the list does not end")


def walk(client: TestClient, **body: Any) -> list[str]:
    return [item["id"] for page in pages(client, **body) for item in page["items"]]


def shown(product: Product) -> dict[str, Any]:
    category = [" > ".join(product.category[: depth + 1]) for depth in range(len(product.category))]
    return {
        "brand": [product.brand],
        "category": category,
        "price": [product.price_minor / 100],
        "in_stock": [product.stock > 0],
        "attributes.colour": [product.attributes["colour"]],
    }


def counted(facet: dict[str, Any]) -> Counter:
    def grow(values: list[dict[str, Any]]) -> Iterator[tuple[Any, int]]:
        for one in values:
            yield one["value"], one["count"]
            yield from grow(one["children"])

    ranges = ((one["gte"], one["lt"], one["count"]) for one in facet["ranges"])
    return Counter(dict(grow(facet["values"]))) + Counter({(low, high): count for low, high, count in ranges})


def by_hand(products: list[dict[str, Any]], field: str, facet: dict[str, Any]) -> Counter:
    if field == "price":
        ranges = [(one["gte"], one["lt"]) for one in facet["ranges"]]
        return Counter(
            (low, high)
            for product in products
            for low, high in ranges
            if (low is None or product["price"][0] >= low) and (high is None or product["price"][0] < high)
        )
    return Counter(value for product in products for value in product[field])


@pytest.mark.parametrize("query", ["mug", "red", "something to carry things in", ""])
def test_facets_count_what_the_list_would_hold_without_their_own_filter(
    reading: TestClient, small_shop: Any, query: str
) -> None:
    shop = {product.external_id: shown(product) for product in small_shop()}
    draw = random.Random(6)
    for _ in range(12):
        fields = draw.sample(FACETS, draw.randint(0, 3))
        conditions = {field: {"field": field} | draw.choice(CHOICES[field]) for field in fields}
        asked = {"query": query, "filter": {"must": list(conditions.values())}} | AS_ASKED
        found = ask(reading, n=5, facets=FACETS, **asked)
        assert found["total"] == len(walk(reading, n=5, sort="price", **asked))
        for field, facet in found["facets"].items():
            others = [condition for name, condition in conditions.items() if name != field]
            ids = walk(reading, sort="newest", **asked | {"filter": {"must": others}})
            assert counted(facet) == by_hand([shop[one] for one in ids], field, facet), (field, conditions)


@pytest.mark.parametrize("query", ["mug", "a lamp", ""])
@pytest.mark.parametrize("sort", ["relevance", "price", "-price", "rating", "newest", "popularity", "discount"])
def test_pages_hold_every_product_once(reading: TestClient, query: str, sort: str) -> None:
    seen = list(pages(reading, query=query, sort=sort, n=2))
    ids = [item["id"] for page in seen for item in page["items"]]
    assert len(ids) == len(set(ids)) == seen[0]["total"] > 2
    assert {"mug-4", "lamp-4"}.isdisjoint(ids)  # sold out, hidden
    assert sorted(ids) == sorted(walk(reading, query=query, sort=sort, n=100))


def test_the_order_is_that_of_all_matches_not_of_the_first_page(reading: TestClient) -> None:
    found = [page["items"] for page in pages(reading, query="mug lamp bag", sort="-price", n=3)]
    prices = [item["price"] for page in found for item in page]
    assert prices == sorted(prices, reverse=True)
    assert len(prices) == 10


def test_words_say_what_is_counted(reading: TestClient) -> None:
    found = ask(reading, query="lamp", facets=["category"])
    assert found["facets_over"] == "matches"
    assert not found["total_is_at_least"]
    assert ask(reading, query="lamp", sort="price")["items"][0]["id"] == "lamp-1"
    assert found["facets"]["category"]["values"][0]["value"] == "Home"
    nothing = ask(reading, query="lamp", facets=["brand"], filter={"must": [{"field": "brand", "match": "nobody"}]})
    assert (nothing["items"], nothing["total"], nothing["next_cursor"]) == ([], 0, None)
    assert sum(one["count"] for one in nothing["facets"]["brand"]["values"]) == found["total"]


@pytest.mark.parametrize("query", ["asdfgh qwerty", "🙂", "'; DROP TABLE product; --"])
def test_nonsense_matches_nothing_and_what_is_shown_instead_says_so(reading: TestClient, query: str) -> None:
    found = ask(reading, query=query, facets=["brand"], **AS_ASKED)
    assert (found["items"], found["total"], found["facets"]["brand"]["values"]) == ([], 0, [])
    instead = ask(reading, query=query, facets=["brand"], n=3)
    assert instead["fallback"] == {"level": "content", "reason": NEAREST}  # nothing is popular in this shop yet
    assert (len(instead["items"]), instead["total"]) == (3, 10)
    assert sum(one["count"] for one in instead["facets"]["brand"]["values"]) == 10
    assert len(walk(reading, query=query, n=3, sort="relevance")) == 10


def test_without_words_the_catalogue_is_browsed(reading: TestClient) -> None:
    found = reading.get("/v1/search", params={"category": "Bags", "facets": "brand,price", "n": 3}).json()
    assert (found["total"], found["facets_over"], len(found["items"])) == (4, "catalogue", 3)
    assert [(one["value"], one["count"]) for one in found["facets"]["brand"]["values"]] == [("Alba", 2), ("Quill", 2)]
    assert (found["facets"]["price"]["low"], found["facets"]["price"]["high"]) == (5, 20)


def test_a_list_has_the_documented_shape(reading: TestClient) -> None:
    for body in (ask(reading, query="mug", facets=FACETS, explain=True), ask(reading, facets=["rating"], explain=True)):
        documented = set(SearchOut.model_validate(body, strict=True).model_dump())
        assert documented - {"understood", "rules"} <= set(body) <= documented


@pytest.mark.parametrize("query", ["mug", ""])
@pytest.mark.parametrize("sort", ["relevance", "price", "newest"])
def test_pages_neither_repeat_nor_skip_while_products_come(writing: TestClient, query: str, sort: str) -> None:
    before = walk(writing, query=query, sort=sort, n=100)
    seen, cursor = [], None
    for number in range(60):
        page = ask(writing, query=query, sort=sort, n=2, **({"cursor": cursor} if cursor else {}))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        if number > 4:
            continue
        new = {"name": "Red Mug mug", "price": number, "currency": "EUR", "created_at": f"2024-02-{number + 1:02}"}
        assert writing.put(f"/v1/products/new-{sort}-{query}-{number}", json=new).status_code == 200
    assert len(seen) == len(set(seen))
    assert set(before) <= set(seen)


def test_what_sells_out_between_pages_is_left_out(writing: TestClient) -> None:
    first = ask(writing, query="bag", sort="price", n=1, filter={"must": [{"field": "category", "match": "Bags"}]})
    assert first["items"][0]["id"] == "bag-1"
    writing.patch("/v1/products/bag-2", json={"stock": 0})
    body = {"query": "bag", "sort": "price", "n": 1, "filter": {"must": [{"field": "category", "match": "Bags"}]}}
    second = ask(writing, **body, cursor=first["next_cursor"])
    assert second["items"][0]["id"] == "bag-3"
    assert second["facets"] is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"n": -1}, "invalid_request"),
        ({"n": 0}, "invalid_request"),
        ({"n": 101}, "invalid_n"),
        ({"sort": "cheapest"}, "invalid_sort"),
        ({"sort": ""}, "invalid_sort"),
        ({"facets": ["colour"]}, "unknown_facet"),
        ({"facets": ["attributes.weight"]}, "unknown_facet"),
        ({"filter": {"must": [{"field": "attributes.weight", "match": "1"}]}}, "unknown_filter_field"),
        ({"query": "lamp"}, "invalid_cursor"),
        ({"sort": "price"}, "invalid_cursor"),
        ({"filter": {"must": [{"field": "brand", "match": "Alba"}]}}, "invalid_cursor"),
        ({"cursor": "nonsense"}, "invalid_cursor"),
        ({"cursor": ""}, "invalid_cursor"),
        ({"cursor": "x" * 9000}, "invalid_request"),
    ],
)
def test_what_makes_no_sense_is_refused(reading: TestClient, changed: dict[str, Any], code: str) -> None:
    asked = {"query": "mug", "sort": "relevance", "n": 1}
    cursor = ask(reading, **asked)["next_cursor"]
    assert cursor is not None
    answer = reading.post("/v1/search", json=asked | {"cursor": cursor} | changed)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_cursor_of_another_release_is_refused(reading: TestClient) -> None:
    cursor = ask(reading, query="mug", sort="price", n=1)["next_cursor"]
    old = write_cursor(replace(read_cursor(cursor), release="20250101-old"))
    answer = reading.post("/v1/search", json={"query": "mug", "sort": "price", "cursor": old})
    assert answer.json()["code"] == "invalid_cursor"
    assert "release" in answer.json()["detail"]


def test_a_browsing_cursor_that_somebody_made_up_is_refused(reading: TestClient) -> None:
    cursor = ask(reading, sort="price", n=1)["next_cursor"]
    made_up = write_cursor(replace(read_cursor(cursor), mark="made up"))
    assert reading.post("/v1/search", json={"sort": "price", "cursor": made_up}).json()["code"] == "invalid_cursor"
