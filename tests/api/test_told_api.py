"""What a request tells of its visitor counts in its answer, and while the session lasts; over HTTP."""

import pytest
from starlette.testclient import TestClient

from service.api.home_schemas import HomeOut


def home(client: TestClient, **body: object) -> dict:
    answer = client.post("/v1/home", json={"n": 5, **body})
    assert answer.status_code == 200, answer.text
    HomeOut.model_validate(answer.json())
    return answer.json()


def ids(answer: dict) -> list[str]:
    return [item["id"] for item in answer["items"]]


def did(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"type": kind, "product": product} for kind, product in pairs]


def test_what_was_looked_at_counts_like_an_event(reading: TestClient) -> None:
    told = home(reading, history=did(("view", "mug-1")), explain=True)
    assert told["fallback"] is None
    assert {item["category"][-1] for item in told["items"][:2]} == {"Kitchen"}
    assert told["items"][0]["level"] in ("session", "content")


def test_the_newest_counts_most(reading: TestClient) -> None:
    first = ids(home(reading, history=did(("view", "lamp-1"), ("view", "bag-1"))))[0]
    assert first.startswith("bag")
    first = ids(home(reading, history=did(("view", "bag-1"), ("view", "lamp-1"))))[0]
    assert first.startswith("lamp")


def test_what_was_bought_is_not_shown_again(reading: TestClient) -> None:
    assert "mug-1" in ids(home(reading, history=did(("view", "mug-1")), n=9))
    assert "mug-1" not in ids(home(reading, history=did(("purchase", "mug-1")), n=9))


def test_what_the_shop_does_not_have_is_said_and_does_not_count(reading: TestClient) -> None:
    plain = home(reading, history=did(("view", "mug-1")))
    answer = home(reading, history=did(("view", "no-such"), ("view", "mug-1"), ("purchase", "nor-such")),
                  categories=["Spaceships"])  # fmt: skip
    assert sorted(answer["unknown"]) == ["Spaceships", "no-such", "nor-such"]
    assert ids(answer) == ids(plain)
    assert plain.get("unknown") is None


def test_a_session_remembers_what_it_told(reading: TestClient) -> None:
    told = ids(home(reading, session="told-1", history=did(("view", "bag-1")), categories=["bags"]))
    assert ids(home(reading, session="told-1")) == told
    assert [item["id"] for item in reading.get("/v1/home?session=told-1&n=5").json()["items"]] == told
    assert home(reading, session="told-2")["fallback"] is not None


def test_a_page_says_it_too(reading: TestClient) -> None:
    page = home(reading, history=did(("view", "bag-1"), ("view", "nothing")), shelves=["recently_viewed"])
    assert [item["id"] for item in page["shelves"][0]["items"]] == ["bag-1"]
    assert page["unknown"] == ["nothing"]


def test_what_became_of_a_product_is_explained_with_what_is_told(reading: TestClient) -> None:
    asked = {"surface": "home", "product": "mug-1", "history": did(("purchase", "mug-1")), "session": "told-3"}
    assert reading.post("/v1/explain", json=asked).json()["cause"] == "had_already"
    assert home(reading, session="told-3")["fallback"] is not None  # asking why is not telling
    assert reading.post("/v1/explain", json=asked | {"surface": "search", "query": "mug"}).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"history": "mug-1"},
        {"history": [{"type": "hide", "product": "mug-1"}]},
        {"history": [{"type": "view"}]},
        {"history": [{"type": "view", "product": ""}]},
        {"history": [{"type": "view", "product": "a\u0000b"}]},
        {"history": did(("view", "mug-1")) * 1001},
        {"categories": [1]},
        {"categories": ["a\u0000"]},
        {"categories": ["Home"] * 101},
    ],
)
def test_what_cannot_be_read_is_refused(reading: TestClient, body: dict) -> None:
    assert reading.post("/v1/home", json=body).status_code == 422
