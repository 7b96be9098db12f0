"""Users over HTTP: told about, found by what they did, and one with the session they were."""

from typing import Any

import pytest
from starlette.testclient import TestClient

PROBLEM = "application/problem+json"


def did(client: TestClient, product: str, **who: Any) -> None:
    """Record a view."""
    answer = client.post("/v1/events", json={"type": "view", "product": product, **who})
    assert answer.json()["recorded"] == 1


def past(client: TestClient, user: str, **params: Any) -> list[str]:
    answer = client.get(f"/v1/users/{user}/events", params=params)
    return [event["product"] for event in answer.raise_for_status().json()["events"]]


def test_a_user_can_be_told_about_before_the_first_event(writing: TestClient) -> None:
    preferences = {"categories": ["Home>Kitchen", ["Bags"]], "brands": [" Alba "], "min_price": 5, "max_price": 50}
    answer = writing.put("/v1/users/ann", json={"preferences": preferences, "features": {"country": "DE", "age": 40}})
    assert answer.status_code == 200
    user = writing.get("/v1/users/ann").json()
    assert user == answer.json()
    assert user["preferences"] == {
        "categories": ["Home > Kitchen", "Bags"], "brands": ["Alba"], "min_price": 5.0, "max_price": 50.0,
    }  # fmt: skip
    assert (user["features"], user["last_seen_at"]) == ({"country": "DE", "age": 40}, None)
    assert past(writing, "ann") == []


def test_a_part_that_is_left_out_stays_and_an_empty_one_is_emptied(writing: TestClient) -> None:
    writing.put("/v1/users/bob", json={"preferences": {"brands": ["Alba"]}, "features": {"member": True}})
    writing.put("/v1/users/bob", json={"features": {"member": False}})
    bob = writing.put("/v1/users/bob", json={}).json()
    assert (bob["preferences"], bob["features"]) == ({"brands": ["Alba"]}, {"member": False})
    assert writing.put("/v1/users/bob", json={"preferences": {}}).json()["preferences"] == {}


def test_an_event_makes_the_user(writing: TestClient) -> None:
    did(writing, "mug-1", user="cat")
    user = writing.get("/v1/users/cat").json()
    assert (user["id"], user["preferences"], user["features"]) == ("cat", {}, {})
    assert user["last_seen_at"] is not None


@pytest.mark.parametrize("path", ["/v1/users/nobody", "/v1/users/nobody/events"])
def test_an_unknown_user_is_not_found(writing: TestClient, path: str) -> None:
    answer = writing.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
    assert (answer.json()["code"], "'nobody'" in answer.json()["detail"]) == ("user_not_found", True)


def test_the_past_is_newest_first_within_the_days_and_the_limit(writing: TestClient) -> None:
    for product, at in (("mug-1", "2020-01-01"), ("mug-2", "2020-01-03"), ("mug-3", "2020-01-02")):
        did(writing, product, user="dora", at=at)
    did(writing, "bag-1", user="dora")
    assert past(writing, "dora") == ["bag-1"]
    assert past(writing, "dora", days=36_500) == ["bag-1", "mug-2", "mug-3", "mug-1"]
    assert past(writing, "dora", days=36_500, limit=2) == ["bag-1", "mug-2"]


def test_on_sign_in_the_session_becomes_the_users_once(writing: TestClient) -> None:
    for product in ("mug-1", "mug-2"):
        did(writing, product, session="tab-7")
    did(writing, "mug-3", session="tab-8")
    answers = [writing.post("/v1/users/eve/merge", json={"session": "tab-7"}).json() for _ in range(2)]
    assert answers == [{"user": "eve", "session": "tab-7", "merged": merged} for merged in (2, 0)]
    assert past(writing, "eve") == ["mug-2", "mug-1"]


def test_a_session_belongs_to_whom_it_was_merged_into_first(writing: TestClient) -> None:
    did(writing, "mug-1", session="tab-9")
    for user, merged in (("fay", 1), ("gus", 0)):
        assert writing.post(f"/v1/users/{user}/merge", json={"session": "tab-9"}).json()["merged"] == merged
    assert (past(writing, "fay"), past(writing, "gus")) == (["mug-1"], [])


@pytest.mark.parametrize(
    "body",
    [
        {"preferences": {"brands": "Alba"}},
        {"preferences": {"brands": ["a\x00"]}},
        {"preferences": {"min_price": -1}},
        {"preferences": {"min_price": 9, "max_price": 1}},
        {"preferences": {"colour": "red"}},
        {"preferences": {"categories": [[["deep"]]]}},
        {"preferences": {"categories": ["x"] * 101}},
        {"features": {"deep": {"er": 1}}},
        {"features": {"": 1}},
        {"features": ["a"]},
        {"name": "Hal"},
        [],
        None,
    ],
)
def test_bad_users_get_a_problem_and_are_not_made(writing: TestClient, body: Any) -> None:
    answer = writing.put("/v1/users/hal", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert writing.get("/v1/users/hal").status_code == 404


def test_deep_json_is_a_problem_and_no_crash(writing: TestClient) -> None:
    for depth in (300, 900, 100_000):
        body = b'{"features": {"a": ' + b"[" * depth + b"]" * depth + b"}}"
        answer = writing.put("/v1/users/hal", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422)
        assert answer.headers["content-type"] == PROBLEM


@pytest.mark.parametrize("id", ["x" * 129, "%00", "a%0Ab"])
def test_ids_no_user_can_have_are_refused(writing: TestClient, id: str) -> None:
    assert writing.get(f"/v1/users/{id}").status_code == 422
    assert writing.put(f"/v1/users/{id}", json={}).status_code == 422
    assert writing.post(f"/v1/users/{id}/merge", json={"session": "s"}).status_code == 422


@pytest.mark.parametrize(
    "params", [{"days": 0}, {"days": -1}, {"days": "nan"}, {"days": 1e9}, {"days": "x"}, {"limit": 0}, {"limit": 1001}]
)
def test_impossible_spans_are_refused(writing: TestClient, params: dict[str, Any]) -> None:
    did(writing, "mug-1", user="ivy")
    assert writing.get("/v1/users/ivy/events", params=params).status_code == 422


@pytest.mark.parametrize("body", [{}, {"session": ""}, {"session": 5}, {"session": "a\x00"}, {"session": "x" * 129}])
def test_a_merge_needs_a_session(writing: TestClient, body: dict[str, Any]) -> None:
    assert writing.post("/v1/users/joe/merge", json=body).status_code == 422
    assert writing.get("/v1/users/joe").status_code == 404
