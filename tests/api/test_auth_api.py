"""Accounts over HTTP: sign-up to sign-out, one's own profile, and nothing said that helps a stranger."""

import asyncio
import json
import threading
from dataclasses import replace
from typing import Any

import pytest
import structlog
from starlette.testclient import TestClient

from service.api.reception import Reception
from service.app import create_app
from service.core.errors import DependencyUnavailable
from service.runtime import Runtime

PROBLEM = "application/problem+json"
PASSWORD = "correct horse battery"


def sign_up(client: TestClient, name: str, password: str = PASSWORD) -> dict[str, Any]:
    """A new account's tokens."""
    who = {"email": f"{name}@example.com", "password": password}
    assert client.post("/v1/auth/sign-up", json=who | {"name": name}).status_code == 202
    return dict(client.post("/v1/auth/sign-in", json=who).raise_for_status().json())


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def test_from_sign_up_to_ones_own_feed(writing: TestClient) -> None:
    tokens = sign_up(writing, "ann")
    assert (tokens["token_type"], tokens["expires_in"], tokens["role"]) == ("Bearer", 900, "shopper")
    me = writing.get("/v1/me", headers=bearer(tokens)).json()
    assert (me["id"], me["email"], me["name"], me["preferences"]) == (tokens["user"], "ann@example.com", "ann", {})
    changed = writing.put("/v1/me", headers=bearer(tokens), json={"preferences": {"brands": ["Alba"]}})
    assert (changed.json()["preferences"], changed.json()["name"]) == ({"brands": ["Alba"]}, "ann")
    assert writing.put("/v1/me", headers=bearer(tokens), json={"name": " Ann B. "}).json()["name"] == "Ann B."
    # what is done with the token is done by the account's user, whom nobody has to name
    seen = writing.post("/v1/events", headers=bearer(tokens), json={"type": "view", "product": "mug-1"})
    assert seen.json()["recorded"] == 1
    past = writing.get(f"/v1/users/{tokens['user']}/events", headers=bearer(tokens)).json()
    assert [event["product"] for event in past["events"]] == ["mug-1"]
    feed = writing.get("/v1/home", headers=bearer(tokens), params={"n": 5}).raise_for_status().json()
    same = writing.get("/v1/home", params={"n": 5, "user": tokens["user"]}).json()
    assert [item["id"] for item in feed["items"]] == [item["id"] for item in same["items"]]


def test_what_the_session_did_is_the_accounts_after_signing_in(writing: TestClient) -> None:
    writing.post("/v1/events", json={"type": "view", "product": "bag-1", "session": "tab-of-cleo"})
    sign_up(writing, "cleo")
    who = {"email": "cleo@example.com", "password": PASSWORD, "session": "tab-of-cleo"}
    tokens = writing.post("/v1/auth/sign-in", json=who).json()
    past = writing.get(f"/v1/users/{tokens['user']}/events", headers=bearer(tokens)).json()
    assert [event["product"] for event in past["events"]] == ["bag-1"]


def test_a_shopper_speaks_for_nobody_else(writing: TestClient) -> None:
    ann, bob = sign_up(writing, "dora"), sign_up(writing, "emil")
    own = bearer(ann)
    for path, params in (("/v1/home", {"user": bob["user"]}), ("/v1/search", {"q": "mug", "user": "U1"}),
                         ("/v1/similar/mug-1", {"user": bob["user"]}), (f"/v1/users/{bob['user']}", {}),
                         (f"/v1/users/{bob['user']}/events", {})):  # fmt: skip
        answer = writing.get(path, params=params, headers=own)
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_user"), path
    for path, body in (("/v1/home", {}), ("/v1/search", {"query": "mug"}), ("/v1/similar/mug-1", {}),
                       ("/v1/explain", {"surface": "home", "product": "mug-1"})):  # fmt: skip
        assert writing.post(path, json=body | {"user": bob["user"]}, headers=own).status_code == 403, path
        assert writing.post(path, json=body, headers=own).status_code == 200, path
    assert writing.put(f"/v1/users/{bob['user']}", json={}, headers=own).status_code == 403
    assert writing.post(f"/v1/users/{bob['user']}/merge", json={"session": "s"}, headers=own).status_code == 403
    sent = [{"type": "view", "product": "mug-1", "user": bob["user"]}, {"type": "view", "product": "mug-2"}]
    outcome = writing.post("/v1/events", json=sent, headers=own).json()
    assert [one["status"] for one in outcome["results"]] == ["refused", "recorded"]
    assert writing.get(f"/v1/users/{bob['user']}/events").json()["events"] == []


def test_the_reasons_of_anothers_feed_are_not_told(writing: TestClient) -> None:
    ann, bob = sign_up(writing, "fay"), sign_up(writing, "gus")
    shown = writing.get("/v1/home", headers=bearer(ann), params={"n": 3}).json()["request_id"]
    assert writing.post("/v1/explain/words", json={"request_id": shown}, headers=bearer(ann)).status_code == 200
    assert writing.post("/v1/explain/words", json={"request_id": shown}, headers=bearer(bob)).status_code == 404


@pytest.mark.parametrize("route", ["PUT /v1/products", "GET /v1/searches", "GET /v1/rules", "PUT /v1/synonyms",
                                   "GET /v1/keys", "POST /v1/keys"])  # fmt: skip
def test_a_shopper_runs_no_shop_even_where_it_is_open(writing: TestClient, route: str) -> None:
    method, path = route.split()
    tokens = writing.post("/v1/auth/sign-in", json={"email": "ann@example.com", "password": PASSWORD}).json()
    answer = writing.request(method, path, json={}, headers=bearer(tokens))
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


def test_refresh_rotates_and_a_second_use_ends_it_all(writing: TestClient) -> None:
    first = sign_up(writing, "hal")
    second = writing.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert second.headers["cache-control"] == "no-store"
    assert writing.get("/v1/me", headers=bearer(second.json())).status_code == 200
    stolen = writing.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert (stolen.status_code, stolen.json()["code"]) == (401, "invalid_refresh_token")
    for tokens in (first, second.json()):
        assert writing.get("/v1/me", headers=bearer(tokens)).json()["code"] == "token_revoked"


def test_sign_out_counts_at_once(writing: TestClient) -> None:
    tokens = sign_up(writing, "ida")
    assert writing.get("/v1/me", headers=bearer(tokens)).status_code == 200  # remembered from here on
    assert writing.post("/v1/auth/sign-out", json={"refresh_token": tokens["refresh_token"]}).status_code == 204
    assert writing.get("/v1/me", headers=bearer(tokens)).status_code == 401
    assert writing.get("/v1/products", headers=bearer(tokens)).status_code == 401  # shown, so checked, in an open shop
    assert writing.post("/v1/auth/sign-out", json={"refresh_token": "junk"}).status_code == 204


def test_a_new_password_leaves_nobody_else_signed_in(writing: TestClient) -> None:
    here, there = sign_up(writing, "joe"), sign_up(writing, "joe")
    body = {"password": "wrong", "new_password": "another long one"}
    assert writing.post("/v1/auth/password", json=body, headers=bearer(here)).status_code == 401
    fresh = writing.post("/v1/auth/password", json=body | {"password": PASSWORD}, headers=bearer(here)).json()
    assert writing.get("/v1/me", headers=bearer(fresh)).status_code == 200
    assert [writing.get("/v1/me", headers=bearer(old)).status_code for old in (here, there)] == [401, 401]


def test_nobody_learns_who_has_an_account(writing: TestClient) -> None:
    def said(path: str, email: str, password: str) -> tuple[int, dict[str, Any]]:
        answer = writing.post(path, json={"email": email, "password": password})
        return answer.status_code, {k: v for k, v in answer.json().items() if k != "request_id"}

    sign_up(writing, "kim")
    taken, free = (said("/v1/auth/sign-up", f"{name}@example.com", "a password of mine") for name in ("kim", "leo"))
    assert taken == free
    wrong, unknown = (said("/v1/auth/sign-in", f"{name}@example.com", "not the password") for name in ("kim", "mia"))
    assert wrong == unknown
    assert (wrong[0], wrong[1]["code"]) == (401, "wrong_credentials")
    assert said("/v1/auth/sign-in", "kim@example.com", PASSWORD)[0] == 200  # signing up again changed nothing


GOOD = {"email": "n@example.com", "password": "long enough"}


@pytest.mark.parametrize(
    "body",
    [
        None, [], "x", {}, {"email": "n@example.com"}, GOOD | {"email": "no address"}, GOOD | {"email": "a@b\r\nX: y"},
        GOOD | {"email": "a" * 250 + "@b.de"}, GOOD | {"email": 5}, GOOD | {"email": "a\x00@b.de"},
        GOOD | {"password": "short"}, GOOD | {"password": "x" * 1025}, GOOD | {"password": None},
        GOOD | {"password": ["long enough"]}, GOOD | {"password": "half \ud83d pair"}, GOOD | {"name": "a\nb"},
        GOOD | {"name": "x" * 201}, GOOD | {"role": "operator"}, GOOD | {"tenant": "other"},
    ],
)  # fmt: skip
def test_sign_up_refuses_nonsense_and_repeats_no_password(writing: TestClient, body: Any) -> None:
    sent = json.dumps(body)  # half an emoji goes over the wire as an escape
    answer = writing.post("/v1/auth/sign-up", content=sent, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert "long enough" not in answer.text
    assert "half " not in answer.text


@pytest.mark.parametrize("password", ["x" * 1024, "pa\x00ss\x00word", "пароль 🐎 密码 ẞ", "        "])
def test_long_and_strange_passwords_work(writing: TestClient, password: str) -> None:
    name = f"odd{len(password)}{ord(password[0])}"
    sign_up(writing, name, password)
    cut = {"email": f"{name}@example.com", "password": password[:-1]}
    assert writing.post("/v1/auth/sign-in", json=cut).status_code == 401


@pytest.mark.parametrize("password", ["", "x" * 1025, "x" * 100_000])
def test_sign_in_hashes_nothing_longer_than_a_password_can_be(writing: TestClient, password: str) -> None:
    assert writing.post("/v1/auth/sign-in", json=GOOD | {"password": password}).status_code == 422


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer"}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer a b"},
        {"Authorization": "Bearer " + "x" * 10_000}, {"X-API-Key": "vk_" + "x" * 43}, {"X-API-Key": ""},
        {"Authorization": b"Bearer \xff\xfe"}, {"Authorization": "Bearer a.b.c", "X-API-Key": "vk_x"},
        {"Authorization": "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."}, {"X-API-Key": "vk_\x01\x02"},
    ],
)  # fmt: skip
def test_what_is_shown_is_checked_also_where_nothing_has_to_be(writing: TestClient, headers: Any) -> None:
    for path in ("/v1/products", "/v1/home", "/v1/trending"):
        answer = writing.get(path, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (401, PROBLEM)
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_one_may_sign_in_with_a_token_that_has_ended(writing: TestClient) -> None:
    tokens = sign_up(writing, "nan")
    writing.post("/v1/auth/sign-out", json={"refresh_token": tokens["refresh_token"]})
    who = {"email": "nan@example.com", "password": PASSWORD}
    assert writing.post("/v1/auth/sign-in", json=who, headers=bearer(tokens)).status_code == 200


def test_no_secret_is_logged_or_answered(writing: TestClient) -> None:
    with structlog.testing.capture_logs() as logs:
        tokens = sign_up(writing, "oda", "s3cr3t of oda")
        wrong = writing.post("/v1/auth/sign-in", json={"email": "oda@example.com", "pasword": "s3cr3t of oda"})
        writing.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"] + "x" * 200})
        writing.get("/v1/me", headers={"Authorization": f"Bearer {tokens['access_token']}x"})
        writing.post("/v1/auth/password", json={"password": "s3cr3t of oda"}, headers=bearer(tokens))
    assert logs
    for text in ("s3cr3t", tokens["refresh_token"], tokens["access_token"], "oda@example.com"):
        assert text not in str(logs)
    assert "s3cr3t" not in wrong.text


@pytest.fixture
def closed(own_shop: Runtime) -> TestClient:
    """The same shop, where nobody signs up by themselves."""
    params = own_shop.params.model_copy(
        update={"accounts": own_shop.params.accounts.model_copy(update={"sign_up": False})}
    )
    settings = own_shop.settings.model_copy(update={"background": "off"})
    return TestClient(create_app(replace(own_shop, params=params, settings=settings)), raise_server_exceptions=False)


def test_a_shop_may_keep_its_accounts_to_itself(closed: TestClient) -> None:
    answer = closed.post("/v1/auth/sign-up", json=GOOD)
    assert (answer.status_code, answer.json()["code"]) == (403, "sign_up_closed")


def test_few_hash_at_a_time_and_others_are_asked_to_come_back(writing: TestClient) -> None:
    reception: Reception = writing.app.state.reception  # type: ignore[attr-defined]
    limits = reception.desk.params.model_copy(update={"hashing_wait_s": 0.05})
    busy = Reception(replace(reception.desk, params=limits), reception.proofs)
    go_on, at_work, most = threading.Event(), [0], [0]

    def work() -> None:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        go_on.wait(10)
        at_work[0] -= 1

    async def scene() -> list[BaseException | None]:
        tasks = [asyncio.create_task(busy.hashing(work)) for _ in range(6)]
        done, _ = await asyncio.wait(tasks, timeout=1)
        assert len(done) == 4  # two hash, four were turned away after a twentieth of a second
        go_on.set()
        return [one for one in await asyncio.gather(*tasks, return_exceptions=True) if one is not None]

    turned_away = asyncio.run(scene())
    assert most == [2]
    assert [type(one) for one in turned_away] == [DependencyUnavailable] * 4
    assert {one.code for one in turned_away if isinstance(one, DependencyUnavailable)} == {
        "too_busy"
    }  # 503, Retry-After
