"""The catalogue over HTTP: written, found within two seconds, changed and deleted."""

import time
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

PROBLEM = "application/problem+json"


def eventually(check: Callable[[], bool], within_s: float = 2.0) -> bool:
    deadline = time.monotonic() + within_s
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def found(client: TestClient, query: str, **more: object) -> list[str]:
    return [item["id"] for item in client.get("/v1/search", params={"q": query, **more}).json()["items"]]


@pytest.fixture(scope="module", autouse=True)
def _warm(writing: TestClient) -> None:
    writing.get("/v1/search", params={"q": "warm the model up"})


def test_a_new_product_is_searchable_within_two_seconds(writing: TestClient) -> None:
    answer = writing.put("/v1/products/kite-1", json={"name": "Rainbow kite", "price": 19.99, "currency": "EUR"})
    assert answer.json() == {"id": "kite-1", "status": "created", "error": None}
    assert eventually(lambda: found(writing, "rainbow kite", n=1) == ["kite-1"])
    assert writing.get("/v1/products/kite-1").json()["price"] == 19.99


def test_putting_the_same_again_changes_nothing(writing: TestClient) -> None:
    body = {"name": "Yoyo", "tags": ["toy"]}
    assert [writing.put("/v1/products/yoyo", json=body).json()["status"] for _ in range(2)] == ["created", "unchanged"]


def test_sold_out_counts_from_the_very_next_answer(writing: TestClient) -> None:
    assert "lamp-1" in found(writing, "red lamp")
    patched = writing.patch("/v1/products/lamp-1", json={"stock": 0})
    assert (patched.status_code, patched.json()["stock"]) == (200, 0)
    assert "lamp-1" not in found(writing, "red lamp")  # no waiting for the index


def test_a_deleted_product_is_gone_at_once(writing: TestClient) -> None:
    assert writing.delete("/v1/products/bag-3").json()["status"] == "deleted"
    assert "bag-3" not in found(writing, "green bag")
    again = writing.delete("/v1/products/bag-3")
    assert (again.status_code, again.json()["code"]) == (404, "product_not_found")
    assert eventually(lambda: writing.get("/health/ready").json()["waiting"] == 0)


def test_one_bad_product_does_not_keep_the_others_out(writing: TestClient) -> None:
    batch = [
        {"id": "ok-1", "name": "Fine"},
        {"id": "bad-1", "name": "Negative", "price": -1},
        {"id": "bad-2", "name": ""},
        {"name": "No id"},
        {"id": "ok-2", "name": "Also fine", "category": "Home > Garden"},
        {"id": "bad-3", "name": "A file of ours", "image": "/etc/passwd"},
    ]
    results = writing.put("/v1/products", json={"products": batch}).json()["results"]
    assert [(r["id"], r["status"]) for r in results] == [
        ("ok-1", "created"), ("bad-1", "rejected"), ("bad-2", "rejected"), (None, "rejected"), ("ok-2", "created"),
        ("bad-3", "rejected"),
    ]  # fmt: skip
    assert "greater than or equal to 0" in results[1]["error"]
    assert writing.get("/v1/products/ok-2").json()["category"] == ["Home", "Garden"]


def test_patches_and_deletes_of_many_answer_one_by_one(writing: TestClient) -> None:
    patches = [
        {"id": "mug-1", "price": 7.5},
        {"id": "no-such", "stock": 1},
        {"id": "mug-2"},
        {"id": "mug-2", "nonsense": 1},
    ]
    results = writing.patch("/v1/products", json={"products": patches}).json()["results"]
    assert [r["status"] for r in results] == ["updated", "not_found", "rejected", "rejected"]
    assert writing.get("/v1/products/mug-1").json()["price"] == 7.5
    deleted = writing.delete("/v1/products", params={"id": ["mug-3", "no-such"]}).json()["results"]
    assert [r["status"] for r in deleted] == ["deleted", "not_found"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": None},
        {"name": "x", "price": "1e400"},
        {"name": "x", "price": "NaN"},
        {"name": "x", "price": 1e15},
        {"name": "x", "rating": 6},
        {"name": "x", "stock": -1},
        {"name": "x", "stock": 2**40},
        {"name": "x", "currency": "euro"},
        {"name": "x", "image": "file:///etc/passwd"},
        {"name": "x", "image": "/etc/passwd"},
        {"name": "x", "category": ["a"] * 11},
        {"name": "nul \x00 byte"},
        {"name": "x", "attributes": {"deep": {"er": 1}}},
        {"name": "x", "colour": "red"},
    ],
)
def test_bad_products_get_a_problem_and_leave_nothing(writing: TestClient, body: dict) -> None:
    answer = writing.put("/v1/products/broken", json=body)
    assert (answer.status_code, answer.json()["title"]) == (422, "Invalid request")
    assert writing.get("/v1/products/broken").status_code == 404


def test_half_a_character_is_refused(writing: TestClient) -> None:
    for body in (b'{"name": "lone surrogate \\ud800"}', b'{"name": "no utf-8 \xff"}'):
        answer = writing.put("/v1/products/broken", content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) in ((400, PROBLEM), (422, PROBLEM))


def test_empty_patches_and_ids_too_long_are_refused(writing: TestClient) -> None:
    assert writing.patch("/v1/products/mug-1", json={}).json()["code"] == "empty_patch"
    assert writing.put("/v1/products/" + "x" * 129, json={"name": "x"}).status_code == 422


def test_the_catalogue_can_be_walked_through(reading: TestClient) -> None:
    seen, cursor = [], None
    while True:
        params = {"sort": "-price", "limit": 5, **({"cursor": cursor} if cursor else {})}
        page = reading.get("/v1/products", params=params).json()
        seen += [(item["price"], item["id"]) for item in page["items"]]
        assert page["total"] == 12
        if (cursor := page["next_cursor"]) is None:
            break
    assert len({id for _, id in seen}) == 12
    assert [price for price, _ in seen] == sorted((price for price, _ in seen), reverse=True)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"sort": "colour"}, "invalid_sort"),
        ({"cursor": "nonsense"}, "invalid_cursor"),
        ({"limit": 0}, "invalid_request"),
        ({"filter": '{"must": [{"field": "price", "match": 5}]}'}, "invalid_filter"),
    ],
)
def test_impossible_listings_say_what_is_allowed(reading: TestClient, params: dict, code: str) -> None:
    answer = reading.get("/v1/products", params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_pictures_of_ours_are_served_as_pictures(writing: TestClient) -> None:
    pixel = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    writing.put("/v1/products/pixel", json={"name": "Pixel", "image": pixel})
    url = writing.get("/v1/products/pixel").json()["image"]
    assert url == "/v1/products/pixel/image"
    picture = writing.get(url)
    assert (picture.headers["content-type"], picture.content[:4]) == ("image/webp", b"RIFF")
    assert writing.get("/v1/products/mug-1/image").json()["code"] == "no_picture"
