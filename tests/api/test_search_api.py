"""``/v1/search`` and ``/v1/similar`` over HTTP."""

import pytest
from starlette.testclient import TestClient

from service.api.slate_schemas import SlateOut


def ids(answer: dict) -> list[str]:
    return [item["id"] for item in answer["items"]]


def test_an_answer_has_the_documented_shape(reading: TestClient) -> None:
    answer = reading.get("/v1/search", params={"q": "red mug", "n": 3, "explain": True})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == set(SlateOut.model_validate(body, strict=True).model_dump())
    assert set(body["step_ms"]) == {"assign", "hydrate", "retrieve", "filter", "fuse", "adjust", "diversify", "explain"}
    first = body["items"][0]
    assert (first["id"], first["price"], first["currency"], first["category"]) == (
        "mug-1",
        5.0,
        "EUR",
        ["Home", "Kitchen"],
    )
    assert sum(first["contributions"].values()) == pytest.approx(first["score"], abs=1e-9)


def test_get_and_post_give_the_same_answer(reading: TestClient) -> None:
    simple = {"q": "a lamp", "brand": "Alba", "max_price": 15, "in_stock": True}
    body = {
        "query": "a lamp",
        "filter": {
            "must": [
                {"field": "brand", "match": "Alba"},
                {"field": "price", "range": {"lte": 15}},
                {"field": "in_stock", "match": True},
            ]
        },
    }
    got, posted = reading.get("/v1/search", params=simple).json(), reading.post("/v1/search", json=body).json()
    assert ids(got) == ids(posted)
    assert set(ids(got)) == {"lamp-2", "mug-2", "bag-2"}


def test_the_request_id_is_the_callers_or_made(reading: TestClient) -> None:
    own = reading.get("/v1/search", params={"q": "mug"}, headers={"X-Request-Id": "abc-1"})
    assert own.headers["X-Request-Id"] == own.json()["request_id"] == "abc-1"
    forged = reading.get("/v1/search", params={"q": "mug"}, headers={"X-Request-Id": "a b\tc"})
    assert len(forged.json()["request_id"]) == 32


def test_weights_of_a_request_change_its_order(reading: TestClient) -> None:
    def ask(weights: dict[str, float]) -> list[str]:
        return ids(reading.post("/v1/search", json={"query": "something to drink tea from", "weights": weights}).json())

    assert ask({"lexical": 0.0, "text": 1.0})[0].startswith("mug")


def test_similar_products_take_weights_from_the_query_string(reading: TestClient) -> None:
    answer = reading.get("/v1/similar/mug-1", params={"text": 1, "image": 0, "n": 3, "explain": True}).json()
    assert all(set(item["contributions"]) == {"text"} for item in answer["items"])
    assert "mug-1" not in ids(answer)


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "code"),
    [
        ("GET", "/v1/search", {"params": {}}, 422, "invalid_request"),
        ("GET", "/v1/search", {"params": {"q": "   "}}, 422, "invalid_request"),
        ("GET", "/v1/search", {"params": {"q": "x" * 1001}}, 422, "invalid_request"),
        ("GET", "/v1/search", {"params": {"q": "mug", "n": "many"}}, 422, "invalid_request"),
        ("GET", "/v1/search", {"params": {"q": "mug", "n": 101}}, 422, "invalid_n"),
        ("GET", "/v1/search", {"params": {"q": "mug", "filter": "{"}}, 422, "invalid_filter"),
        ("GET", "/v1/search", {"params": {"q": "mug", "filter": "[" * 15_000}}, 422, "invalid_filter"),
        ("GET", "/v1/search", {"params": {"q": "mug", "min_price": "nan"}}, 422, "invalid_request"),
        ("POST", "/v1/search", {"content": b"{"}, 422, "invalid_request"),
        ("POST", "/v1/search", {"json": {"query": "mug", "colour": "red"}}, 422, "invalid_request"),
        ("POST", "/v1/search", {"json": {"query": "mug", "weights": {"text": -1}}}, 422, "invalid_request"),
        ("POST", "/v1/search", {"json": {"query": "mug", "weights": {"magic": 1}}}, 422, "unknown_signal"),
        ("POST", "/v1/search", {"json": {"query": "mug", "mmr_lambda": 2}}, 422, "invalid_request"),
        (
            "POST",
            "/v1/search",
            {"json": {"query": "mug", "filter": {"must": [{"field": "weight", "match": "1"}]}}},
            422,
            "unknown_filter_field",
        ),
        ("GET", "/v1/similar/no-such", {}, 404, "product_not_found"),
        ("GET", "/v1/similar/" + "x" * 200, {}, 422, "invalid_request"),
        ("GET", "/v1/nothing", {}, 404, "no_such_route"),
        ("DELETE", "/v1/search", {}, 405, "method_not_allowed"),
    ],
)
def test_bad_requests_get_a_problem(
    reading: TestClient, method: str, path: str, sent: dict, status: int, code: str
) -> None:
    answer = reading.request(method, path, **sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "query", ["🙂", "'; DROP TABLE product; --", "<script>alert(1)</script>", "مرحبا بالعالم", "\u202e", "a" * 1000]
)
def test_strange_words_are_only_words(reading: TestClient, query: str) -> None:
    answer = reading.post("/v1/search", json={"query": query})
    assert answer.status_code == 200


def test_a_query_of_nul_bytes_is_no_crash(reading: TestClient) -> None:
    assert reading.post("/v1/search", json={"query": "\x00mug"}).status_code in (200, 422)


def test_a_body_beyond_the_limit_is_refused(reading: TestClient) -> None:
    answer = reading.post("/v1/search", content=b" " * (17 * 2**20), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    chunks = (b" " * 2**20 for _ in range(17))
    streamed = reading.post("/v1/search", content=chunks, headers={"content-type": "application/json"})
    assert (streamed.status_code, streamed.json()["code"]) == (413, "payload_too_large")


def test_health_tells_alive_and_ready(reading: TestClient) -> None:
    assert reading.get("/health/live").json() == {"status": "ok"}
    ready = reading.get("/health/ready")
    assert ready.status_code == 200
    assert (ready.json()["status"], ready.json()["indexed"], ready.json()["waiting"]) == ("ok", 12, 0)
