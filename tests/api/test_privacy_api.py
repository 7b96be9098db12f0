"""People export and erase themselves, servers anybody, over HTTP; nothing of them is logged."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog
from pydantic import SecretStr
from starlette.testclient import TestClient

from service.accounts.confirm import FRESH
from service.accounts.key_desk import make_key
from service.api.clock import utc_now
from service.app import create_app
from service.runtime import Runtime

PASSWORD = "correct horse"
late = [timedelta()]


@pytest.fixture(scope="module")
def client(own_shop: Runtime) -> Iterator[TestClient]:
    """The shop of this module behind keys; its clock can be turned by `late`."""
    changes = {"access": "keys", "secret": SecretStr("a secret of thirty-two characters"), "background": "off"}
    shop = replace(own_shop, settings=own_shop.settings.model_copy(update=changes))
    with TestClient(create_app(shop, clock=lambda: utc_now() + late[0]), raise_server_exceptions=False) as client:
        yield client
    late[0] = timedelta()


@pytest.fixture(scope="module")
def server(own_shop: Runtime) -> Callable[..., dict[str, str]]:
    """The header of a server's key."""

    def make(tenant: str = "default", *scopes: str) -> dict[str, str]:
        with own_shop.database.session() as session:
            key = make_key(session, tenant, "server", scopes or ("admin",), days=1, now=utc_now())
        return {"X-API-Key": key.text}

    return make


@pytest.fixture
def ann(client: TestClient) -> Iterator[dict[str, Any]]:
    """Somebody who signed up, looked at a product and searched."""
    number = getattr(ann, "count", 0) + 1
    ann.count = number  # type: ignore[attr-defined]
    who = {"email": f"ann-{number}@example.com", "password": PASSWORD}
    client.post("/v1/auth/sign-up", json=who)
    tokens = client.post("/v1/auth/sign-in", json=who).json()
    own = {"Authorization": f"Bearer {tokens['access_token']}"}
    event = {"type": "view", "product": "mug-1", "session": f"tab-{number}"}
    assert client.post("/v1/events", json=event, headers=own).json()["recorded"] == 1
    client.get("/v1/home", headers=own)
    client.get("/v1/search", params={"q": f"mug of number {number}"}, headers=own)
    yield {"headers": own, "id": tokens["user"], "refresh": tokens["refresh_token"], "session": event["session"], **who}
    late[0] = timedelta()


def test_she_exports_and_erases_herself(client: TestClient, ann: dict[str, Any], server: Any) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = client.get("/v1/me/export", headers=ann["headers"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.headers["cache-control"] == "no-store"
        document = answer.json()
        assert (document["account"]["email"], document["user"]) == (ann["email"], ann["id"])
        assert [event["product"] for event in document["events"]] == ["mug-1"]
        wrong = client.request("DELETE", "/v1/me", json={"password": "wrong"}, headers=ann["headers"])
        assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_credentials")
        receipt = client.request("DELETE", "/v1/me", json={"password": PASSWORD}, headers=ann["headers"])
    assert receipt.status_code == 200, receipt.text
    told = receipt.json()
    erased = told["erased"]
    assert (erased["account"], erased["users"], erased["interaction"]) == (1, 1, 1)
    assert erased["impression"] + erased["search"] + erased["waiting"] >= 1
    assert told["receipt"] in json.dumps(logs, default=str)
    for trace in (ann["email"], ann["id"], ann["session"], PASSWORD):
        assert trace not in json.dumps(logs, default=str)
        assert trace not in receipt.text
    # the token is void at once, the password too, and a new account is a stranger
    assert client.get("/v1/me", headers=ann["headers"]).status_code == 401
    assert client.post("/v1/auth/refresh", json={"refresh_token": ann["refresh"]}).status_code == 401
    who = {"email": ann["email"], "password": PASSWORD}
    assert client.post("/v1/auth/sign-in", json=who).status_code == 401
    client.post("/v1/auth/sign-up", json=who)
    again = client.post("/v1/auth/sign-in", json=who).json()
    assert again["user"] != ann["id"]
    looked = client.get(f"/v1/privacy/receipts/{told['receipt']}", headers=server()).json()
    assert (looked["verdict"], looked["left"], looked["unseen"]) == ("clean", [], [])
    assert client.get(f"/v1/privacy/receipts/{told['receipt']}", headers=server("shoes")).status_code == 404
    assert client.get("/v1/privacy/receipts/er-none", headers=server()).json()["code"] == "receipt_not_found"


def test_without_a_password_only_a_fresh_sign_in_counts(client: TestClient, ann: dict[str, Any]) -> None:
    late[0] = FRESH + timedelta(seconds=5)
    refreshed = client.post("/v1/auth/refresh", json={"refresh_token": ann["refresh"]}).json()
    newer = {"Authorization": f"Bearer {refreshed['access_token']}"}
    stale = client.delete("/v1/me", headers=newer)  # a token of this second, from a sign-in of some minutes ago
    assert (stale.status_code, stale.json()["code"]) == (401, "confirmation_needed")
    who = {"email": ann["email"], "password": PASSWORD}
    signed = client.post("/v1/auth/sign-in", json=who).json()
    fresh = {"Authorization": f"Bearer {signed['access_token']}"}
    assert client.delete("/v1/me", headers=fresh).status_code == 200
    assert client.get("/v1/me", headers=newer).status_code == 401


def test_servers_do_it_for_anybody_of_their_own_shop(
    client: TestClient, ann: dict[str, Any], server: Any, own_shop: Runtime
) -> None:
    path, ours, theirs = f"/v1/users/{ann['id']}", server(), server("shoes")
    for headers, status in ((ann["headers"], 403), (server("default", "users"), 403), (theirs, 404)):
        assert client.get(f"{path}/export", headers=headers).status_code == status
        assert client.delete(path, headers=headers).status_code == status
    assert client.get(f"{path}/export", headers=ours).json()["profile"]["preferences"] == {}
    told = client.delete(path, params={"now": True}, headers=ours).json()
    assert told["releases"] == []
    assert told["next_training_at"]
    with own_shop.database.session() as session:
        from service.store.jobs import recent

        assert [job.status for job in recent(session, 50) if job.name == "training"]
    assert client.get(path, headers=ours).status_code == 404
    event = {"type": "view", "product": "mug-1", "user": ann["id"]}
    assert client.post("/v1/events", json=event, headers=ours).json()["results"][0]["reason"].startswith("whoever")
    again = client.put(path, json={}, headers=ours)
    assert (again.status_code, again.json()["code"]) == (409, "user_erased")
    merged = client.post(f"{path}/merge", json={"session": "tab-other"}, headers=ours)
    assert (merged.status_code, merged.json()["code"]) == (409, "user_erased")
    # asking in the name of somebody erased is answered, and nothing of it is kept
    assert client.get("/v1/home", params={"user": ann["id"]}, headers=ours).status_code == 200
    own_shop.impressions._flush()
    assert client.delete(path, headers=ours).json()["code"] == "user_not_found"
    assert client.get(f"/v1/privacy/receipts/{told['receipt']}", headers=ours).json()["verdict"] == "clean"


def test_what_waits_in_memory_goes_too(client: TestClient, ann: dict[str, Any], own_shop: Runtime, server: Any) -> None:
    own_shop.impressions._flush()
    with own_shop.impressions._writing:  # nothing is written meanwhile
        client.get("/v1/home", headers=ann["headers"])
        waiting = own_shop.impressions.state.waiting
    assert waiting >= 1
    own_shop.sessions.remember("default", ann["session"], _told())
    erased = client.delete("/v1/me", headers=ann["headers"]).json()["erased"]
    assert erased["visits"] == 1
    assert not own_shop.sessions.recall("default", ann["session"])
    own_shop.impressions._flush()
    assert client.get(f"/v1/users/{ann['id']}/export", headers=server()).status_code == 404


def test_an_open_shop_hands_out_and_erases_nobody_without_a_proof(own_shop: Runtime, server: Any) -> None:
    shop = replace(own_shop, settings=own_shop.settings.model_copy(update={"background": "off"}))
    with TestClient(create_app(shop), raise_server_exceptions=False) as anybody:
        assert anybody.put("/v1/users/carl", json={}).status_code == 200
        for method, path in (("GET", "/v1/users/carl/export"), ("DELETE", "/v1/users/carl"),
                             ("GET", "/v1/privacy/receipts/er-0"), ("GET", "/v1/me/export"),
                             ("DELETE", "/v1/me")):  # fmt: skip
            assert anybody.request(method, path).status_code == 401, path
        assert anybody.delete("/v1/users/carl", headers=server()).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [({"pasword": "x"}, 422), ({"password": ""}, 422), ({"password": 7}, 422), ([], 422), ("x", 422)],
)
def test_a_body_that_makes_no_sense_erases_nobody(
    client: TestClient, ann: dict[str, Any], body: Any, code: int
) -> None:
    answer = client.request("DELETE", "/v1/me", json=body, headers=ann["headers"])
    assert answer.status_code == code
    assert client.get("/v1/me", headers=ann["headers"]).status_code == 200


def _told() -> Any:
    from service.core.told import Told

    return Told(viewed=("mug-1",))


def test_a_profile_of_who_was_erased_is_refused_as_documented(own_shop: Runtime, server: Any) -> None:
    profile = own_shop.params.profile.model_copy(update={"api": "hm"})
    params = own_shop.params.model_copy(update={"profile": profile})
    changes = {"access": "keys", "secret": SecretStr("a secret of thirty-two characters"), "background": "off"}
    settings = own_shop.settings.model_copy(update=changes)
    with TestClient(create_app(replace(own_shop, params=params, settings=settings))) as client:
        headers = server()
        assert client.put("/api/profile/gone", json={}, headers=headers).status_code == 200
        assert client.delete("/v1/users/gone", headers=headers).status_code == 200
        refused = client.put("/api/profile/gone", json={}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (409, "user_erased")
        paths = client.get("/openapi.json").json()["paths"]
    for path in ("/api/profile/{customer_id}", "/v1/users/{id}", "/v1/me"):
        assert "409" in paths[path]["put"]["responses"], path
