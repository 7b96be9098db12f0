"""A shop behind keys: every route asks for something, and nothing of one tenant is seen or changed by another."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.routing import Mount
from starlette.testclient import TestClient

from service.accounts.caller import Role, Scope
from service.accounts.desk import new_account
from service.accounts.key_desk import make_key
from service.api.clock import utc_now
from service.api.compat import compat_apis, compat_router
from service.api.scopes import NEEDS, PUBLIC, Needs, NeedsAccount
from service.app import create_app
from service.core.errors import ConfigurationError
from service.runtime import Runtime
from service.store.catalog import count_products
from service.store.rules import list_rules

SECRET = SecretStr("a secret of thirty-two characters")
KeyOf = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def behind_keys(own_shop: Runtime) -> Iterator[TestClient]:
    """The shop of this module, where everybody has to show something."""
    changes = {"access": "keys", "secret": SECRET, "background": "off"}
    shop = replace(own_shop, settings=own_shop.settings.model_copy(update=changes))
    with TestClient(create_app(shop), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def key(own_shop: Runtime) -> KeyOf:
    """A key for these scopes, as a header."""

    def make(*scopes: str, tenant: str = "default") -> dict[str, str]:
        with own_shop.database.session() as session:
            return {"X-API-Key": make_key(session, tenant, "test", scopes, days=1, now=utc_now()).text}

    return make


def operations(client: TestClient) -> list[tuple[str, str, Needs, dict[str, Any]]]:
    """Method, path, what it needs, and its description, of every route of the OpenAPI document."""
    paths = client.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), path, NEEDS[method.upper(), path], operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]


def filled(path: str, value: str = "mug-1") -> str:
    return re.sub(r"\{[^}]+\}", value, path)


@pytest.mark.parametrize("api", [None, *compat_apis()])
def test_every_route_says_what_it_asks(behind_keys: TestClient, api: str | None) -> None:
    from fastapi import FastAPI
    from fastapi.routing import iter_route_contexts

    if api is None:
        routes = list(iter_route_contexts(behind_keys.app.routes))  # type: ignore[attr-defined]
    else:
        other = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        other.include_router(compat_router(api))
        routes = list(iter_route_contexts(other.routes))
    assert routes
    for route in routes:
        if str(route.path).startswith(("/openapi.json", "/docs", "/redoc")):
            continue
        assert not isinstance(route, Mount)
        methods = getattr(route, "methods", None) or {"WEBSOCKET"}
        for method in methods - {"HEAD"}:
            known = (method, route.path_format) in NEEDS
            assert known, f"{method} {route.path_format}: say in service/api/scopes.py what it asks"


def test_without_a_key_no_route_answers(behind_keys: TestClient) -> None:
    public = set()
    for method, path, needs, operation in operations(behind_keys):
        answer = behind_keys.request(method, filled(path), json={} if method != "GET" else None)
        if needs == PUBLIC:
            public.add(path)
            assert answer.status_code != 401 or path.startswith("/v1/auth/"), path
            assert {} in operation["security"] or operation["security"] == []
        else:
            assert (answer.status_code, answer.json()["title"]) == (401, "Not authenticated"), f"{method} {path}"
            assert {} not in operation["security"]
            assert operation["security"]
    assert public == {
        "/v1/auth/sign-up", "/v1/auth/sign-in", "/v1/auth/refresh", "/v1/auth/sign-out", "/v1/auth/jwks.json",
        "/health/live", "/health/ready", "/v1/products/{id}/picture", "/v1/products/{id}/image",
    }  # fmt: skip


def test_a_body_is_not_read_from_strangers(behind_keys: TestClient) -> None:
    for path in ("/v1/events", "/v1/search", "/v1/no-such-route"):
        headers = {"Content-Type": "application/json"}
        assert behind_keys.post(path, content=b"{" * 1000, headers=headers).status_code == 401


@pytest.mark.parametrize("scope", [scope for scope in Scope if scope is not Scope.ADMIN])
def test_a_key_does_what_its_scope_says_and_no_more(behind_keys: TestClient, key: KeyOf, scope: Scope) -> None:
    headers = key(scope)
    for method, path, needs, _ in operations(behind_keys):
        # an empty key is refused by every route that changes something, so that the shop stays as it is
        answer = behind_keys.request(method, filled(path, "%20"), json={"?": 1} if method != "GET" else None,
                                     headers=headers)  # fmt: skip
        if needs.account is NeedsAccount.PERSON:
            assert answer.status_code == 401, path
        elif needs.scope not in (scope, None):
            assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope"), f"{method} {path}"
        elif needs.scope is scope:
            assert answer.status_code != 401, f"{method} {path}"
            assert answer.status_code != 403 or answer.json()["code"] == "foreign_user", f"{method} {path}"


def test_a_public_key_searches_and_posts_events_and_reads_nobody(behind_keys: TestClient, key: KeyOf) -> None:
    page = key("read", "events")
    assert behind_keys.get("/v1/search?q=mug&session=tab-1", headers=page).json()["items"]
    assert behind_keys.get("/v1/home?session=tab-1", headers=page).status_code == 200
    events = [
        {"type": "view", "product": "mug-1", "session": "tab-1"},
        {"type": "view", "product": "mug-1", "user": "ann"},
    ]
    outcome = behind_keys.post("/v1/events", json=events, headers=page).json()
    assert [one["status"] for one in outcome["results"]] == ["recorded", "refused"]
    for path in ("/v1/users/ann", "/v1/users/ann/events", "/v1/home?user=ann", "/v1/search?q=mug&user=ann"):
        answer = behind_keys.get(path, headers=page)
        assert (answer.status_code, answer.json()["code"]) == (403, "foreign_user"), path
    server = key("read", "events", "users")
    assert behind_keys.post("/v1/events", json=events[1:], headers=server).json()["recorded"] == 1
    assert behind_keys.get("/v1/users/ann/events", headers=server).json()["events"]


def test_people_sign_in_without_a_key_and_use_their_token(behind_keys: TestClient, key: KeyOf) -> None:
    who = {"email": "pia@example.com", "password": "correct horse"}
    assert behind_keys.post("/v1/auth/sign-up", json=who).status_code == 202
    tokens = behind_keys.post("/v1/auth/sign-in", json=who).json()
    own = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert behind_keys.get("/v1/me", headers=own).json()["id"] == tokens["user"]
    assert behind_keys.get("/v1/home", headers=own).status_code == 200
    assert behind_keys.get("/v1/home?user=ann", headers=own).status_code == 403
    # signing up with another shop's key makes an account there, which this shop does not know
    there = key("read", "events", tenant="shoes")
    other = {"email": "quin@example.com", "password": "correct horse"}
    assert behind_keys.post("/v1/auth/sign-up", json=other, headers=there).status_code == 202
    assert behind_keys.post("/v1/auth/sign-in", json=other).status_code == 401
    signed = behind_keys.post("/v1/auth/sign-in", json=other, headers=there).json()
    assert (
        behind_keys.get("/v1/products", headers={"Authorization": f"Bearer {signed['access_token']}"}).json()["total"]
        == 0
    )


def test_merchants_run_the_shop_and_operators_the_keys(behind_keys: TestClient, own_shop: Runtime) -> None:
    def signed_in(role: Role) -> dict[str, str]:
        who = {"email": f"{role}@example.com", "password": "correct horse"}
        assert new_account(own_shop.database, "default", **who, name="", role=role, now=utc_now())
        return {"Authorization": f"Bearer {behind_keys.post('/v1/auth/sign-in', json=who).json()['access_token']}"}

    merchant, operator = signed_in(Role.MERCHANT), signed_in(Role.OPERATOR)
    assert behind_keys.get("/v1/rules", headers=merchant).status_code == 200
    assert behind_keys.get("/v1/home?user=ann", headers=merchant).status_code == 200
    assert behind_keys.post("/v1/keys", json={"name": "k", "scopes": ["read"]}, headers=merchant).status_code == 403
    made = behind_keys.post("/v1/keys", json={"name": "till", "scopes": ["read"], "days": 1}, headers=operator)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    own = {"Authorization": f"Bearer {made.json()['key']}"}
    assert behind_keys.get("/v1/products", headers=own).json()["total"] == 12
    listed = behind_keys.get("/v1/keys", headers=operator).json()["keys"]
    assert (listed[0]["name"], listed[0]["hint"]) == ("till", made.json()["key"][:8])
    assert made.json()["key"] not in json.dumps(listed)
    assert behind_keys.delete(f"/v1/keys/{made.json()['id']}", headers=operator).json()["revoked_at"]
    assert behind_keys.get("/v1/products", headers=own).status_code == 401
    for bad in ({}, {"name": "k"}, {"name": "k", "scopes": []}, {"name": "k", "scopes": ["all"]},
                {"name": "k\n", "scopes": ["read"]}, {"name": "k", "scopes": ["read"], "days": 0}):  # fmt: skip
        assert behind_keys.post("/v1/keys", json=bad, headers=operator).status_code == 422
    for unknown in (10**6, 2**63 - 1):
        assert behind_keys.delete(f"/v1/keys/{unknown}", headers=operator).status_code == 404


def test_an_open_shop_gives_no_keys_away(writing: TestClient, key: KeyOf) -> None:
    assert writing.get("/v1/keys").status_code == 401
    assert writing.post("/v1/keys", json={"name": "k", "scopes": ["admin"]}).status_code == 401
    assert writing.get("/v1/keys", headers=key("admin")).status_code == 200


def test_no_route_shows_or_changes_anything_of_another_tenant(
    behind_keys: TestClient, own_shop: Runtime, key: KeyOf
) -> None:
    ours, theirs = key("admin"), key("admin", tenant="shoes")
    everything = {"must": [{"field": "price", "range": {"gte": 0}}]}
    rule = {"name": "quilted", "condition": everything, "consequence": {"kind": "boost", "weight": 0.5}}
    behind_keys.put("/v1/users/zoe", json={"features": {"secret": "zoe's own"}}, headers=ours)
    behind_keys.post("/v1/events", json={"type": "view", "product": "mug-1", "user": "zoe"}, headers=ours)
    assert behind_keys.post("/v1/rules", json={"id": "r1", **rule}, headers=ours).status_code == 201
    shown = behind_keys.get("/v1/home?n=3", headers=ours).json()["request_id"]

    def state() -> tuple[Any, ...]:
        with own_shop.database.session() as session:
            kept = (count_products(session, "default", None), [one.data for one in list_rules(session, "default")])
        texts = [behind_keys.get(path, headers=ours).text for path in
                 ("/v1/products?limit=50", "/v1/users/zoe", "/v1/users/zoe/events", "/v1/synonyms")]  # fmt: skip
        return (*kept, *texts)

    before = state()
    product = {"id": "mug-1", "name": "Stolen"}
    bodies = {
        "/v1/products": {"products": [product]}, "/v1/products/{id}": {"name": "Stolen"}, "/v1/events":
        {"type": "view", "product": "mug-1", "user": "zoe"}, "/v1/search": {"query": "red mug"}, "/v1/bundle":
        {"products": ["mug-1"]}, "/v1/explain/words": {"request_id": shown}, "/v1/explain":
        {"surface": "home", "product": "mug-1", "user": "zoe"}, "/v1/home": {"user": "zoe"}, "/v1/users/{id}":
        {"features": {"x": 1}}, "/v1/users/{id}/merge": {"session": "s"}, "/v1/rules/{id}":
        {**rule, "name": "theirs"},
    }  # fmt: skip
    ids = {"users": "zoe", "rules": "r1", "keys": "1"}
    for method, path, needs, _ in operations(behind_keys):
        if needs == PUBLIC or needs.account is NeedsAccount.PERSON:
            continue
        address = filled(path, next((v for k, v in ids.items() if f"/{k}/" in path), "mug-1"))
        if (method, path) == ("DELETE", "/v1/products"):
            address += "?ids=mug-1"
        body = bodies.get(path, {}) if method not in ("GET", "DELETE") else None
        params = {"q": "mug"} if path in ("/v1/search", "/v1/suggest") else {}
        answer = behind_keys.request(method, address, json=body, params=params or None, headers=theirs)
        assert answer.status_code < 500 or answer.json()["code"] == "index_not_ready", f"{method} {path}: {answer.text}"
        assert path != "/v1/rules/{id}" or method != "PUT" or answer.status_code == 200  # theirs, of the same id
        sent = json.dumps(body)
        for word in ("Red Mug", "Blue Lamp", "zoe's own", "quilted"):
            assert word not in answer.text or word in sent, f"{method} {path} shows {word!r}: {answer.text[:300]}"
    assert state() == before


def test_serving_behind_keys_needs_a_secret(own_shop: Runtime) -> None:
    settings = own_shop.settings.model_copy(update={"access": "keys", "background": "off"})
    with pytest.raises(ConfigurationError, match="VITRINE_SECRET"):
        create_app(replace(own_shop, settings=settings))
