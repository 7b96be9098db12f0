"""Two shops of one service, and two people of one shop: whatever route is asked, neither sees or changes the other."""

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select
from starlette.testclient import TestClient

from config.params import load_params
from config.settings import Settings
from indexer.popular import make_popular
from indexer.sync import index_stale
from service.accounts.key_desk import make_key
from service.api.clock import utc_now
from service.api.compat import compat_apis
from service.api.scopes import NEEDS, PUBLIC, NeedsAccount, needs_of
from service.app import create_app
from service.core.types import EventType, Interaction, Product
from service.live.live import people
from service.runtime import Runtime, open_runtime
from service.signals import SIGNALS
from service.store.catalog import upsert_products
from service.store.events import record_events
from service.store.releases import create_release, mark_ready, promote
from service.store.tables import ERASURE, IMPRESSION, INTERACTION, PRODUCT, RELEASE, RULE, SEARCH, USERS
from service.store.users import put_user
from service.storefront.guest import PROOF

OURS = ("Red Mug", "Blue Lamp", "White Bag", "Alba", "Quill", "Kitchen", "Lighting", "our secret", "our rule")
THEIRS = ("Zapato", "Zeta", "Playa", "their secret", "their rule")
LASTING = (PRODUCT, USERS, INTERACTION, IMPRESSION, SEARCH, RULE, ERASURE, RELEASE)
WORDS = {
    "user": "zoe", "user_id": "zoe", "customer_id": "zoe", "buyer_id": "zoe", "id": "mug-1", "product": "mug-1",
    "product_id": "mug-1", "article_id": "mug-1", "anchor": "mug-1", "session": "tab", "session_id": "tab",
    "products": ["mug-1", "bag-2"], "ids": "mug-1", "query": "red mug", "q": "red mug", "surface": "search",
    "filter": {"must": [{"field": "price", "range": {"gte": 0}}]}, "explain": True, "name": "theirs", "type": "view",
    "facets": ["brand", "category"], "live": "r-ours", "features": {"x": 1}, "preferences": {}, "n": 20, "limit": 20,
}  # fmt: skip
PLACES = {
    "/users/": "zoe", "/rules/": "r1", "/keys/": "1", "releases": "r-ours", "receipts": "er-1", "traffic": "routes",
}  # fmt: skip
WRITES = re.compile(r"/auth/|/merge|/jobs|/keys|/events|interaction|/releases")
Shops = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, settings_for: Callable[[Path], Settings], small_shop: Callable[[], list]
) -> Iterator[Runtime]:
    """The default tenant's twelve products, and another tenant's under the same ids; a zoe here and one there."""
    settings = settings_for(tmp_path_factory.mktemp("two")).model_copy(
        update={"access": "keys", "secret": SecretStr("a secret of thirty-two characters"), "background": "off"}
    )
    theirs = [
        replace(one, tenant="shoes", name=f"Zapato {one.external_id}", category=("Playa",), brand="Zeta")
        for one in small_shop()
    ]
    now = utc_now()
    with open_runtime(settings) as runtime:
        params = runtime.params
        with runtime.database.session() as session:
            upsert_products(session, [*small_shop(), *theirs, Product("sun-1", "Zapato sun", tenant="shoes")])
            for tenant, secret in (("default", "our secret"), ("shoes", "their secret")):
                put_user(session, tenant, "zoe", features={"secret": secret}, now=now)
                record_events(session, [
                    Interaction(EventType.VIEW, now - timedelta(minutes=n), "zoe", "tab", f"mug-{n}", tenant=tenant)
                    for n in (1, 2, 3)
                ], unknown_products="refuse", now=now)  # fmt: skip
            create_release(session, "r-ours", manifest={"tenant": "default"}, now=now)
            mark_ready(session, "r-ours", manifest={"tenant": "default"}, metrics={})
        index_stale(runtime.outbox)
        for tenant in ("default", "shoes"):
            make_popular(runtime.database, tenant, params.popular, params.events.taste())
        yield runtime


@pytest.fixture(scope="module")
def keys(shop: Runtime) -> Shops:
    """A key of each tenant that may do everything there."""
    with shop.database.session() as session:
        return {
            tenant: {"X-API-Key": make_key(session, tenant, "all", ["admin"], days=1, now=utc_now()).text}
            for tenant in ("default", "shoes")
        }


def app_of(shop: Runtime, api: str | None) -> FastAPI:
    """The service, with the API and the numbers of a profile where one is named."""
    if api is None:
        return create_app(shop)
    settings = shop.settings.model_copy(update={"profile": api})
    params = load_params(*settings.overlays, signals=frozenset(SIGNALS))
    return create_app(replace(shop, settings=settings, params=params, services=replace(shop.services, params=params)))


def operations(client: TestClient) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Method, path, query and body of every route that takes a key, with the other's ids wherever one fits."""
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            needs = needs_of(method.upper(), path)
            if needs == PUBLIC or needs.account is NeedsAccount.PERSON:
                continue
            query = {
                one["name"]: json.dumps(WORDS[one["name"]]) if one["name"] == "filter" else WORDS[one["name"]]
                for one in operation.get("parameters", ()) if one["in"] == "query" and one["name"] in WORDS
            }  # fmt: skip
            yield method.upper(), path, query, filled_body(document, operation)


def filled_body(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    schema = next(iter(schema.get("anyOf", ())), schema)
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return {name: WORDS[name] for name in schema.get("properties", ()) if name in WORDS}


def address(path: str) -> str:
    place = next((value for part, value in PLACES.items() if part in path), None)
    return re.sub(r"\{([^}]+)\}", lambda found: place or str(WORDS.get(found[1], "zoe")), path)


def shows(answer: Any, words: tuple[str, ...], sent: str) -> list[str]:
    text = answer.text + str(dict(answer.headers))
    return [word for word in words if word in text and word not in sent]


@pytest.mark.parametrize("api", [None, *compat_apis()])
def test_no_answer_shows_anything_of_the_other_shop(shop: Runtime, keys: Shops, api: str | None) -> None:
    seen: dict[str, str] = {"default": "", "shoes": ""}
    with TestClient(app_of(shop, api), raise_server_exceptions=False) as client:
        for tenant, name in (("default", "our rule"), ("shoes", "their rule")):
            rule = {"name": name, "consequence": {"kind": "boost", "weight": 0.1},
                    "condition": {"must": [{"field": "price", "range": {"gte": 0}}]}}  # fmt: skip
            assert client.put("/v1/rules/r1", json=rule, headers=keys[tenant]).status_code < 300
        for method, path, query, body in list(operations(client)):
            if method not in ("GET", "POST") or (method == "POST" and WRITES.search(path)):
                continue
            if api is not None and path.startswith("/v1/"):
                continue  # was asked already
            for tenant, foreign in (("default", THEIRS), ("shoes", OURS)):
                options = {"json": body} if method == "POST" else {}
                answer = client.request(method, address(path), params=query, headers=keys[tenant], **options)
                assert answer.status_code < 500 or answer.json()["code"] == "index_not_ready", f"{path}: {answer.text}"
                seen[tenant] += answer.text
                assert not shows(answer, foreign, json.dumps([query, body])), f"{tenant} {method} {path} {answer.text}"
    assert any(word in seen["default"] for word in OURS)  # something was found, and it was one's own
    assert any(word in seen["shoes"] for word in THEIRS)


def test_what_one_shop_holds_of_the_other_opens_nothing(shop: Runtime, keys: Shops) -> None:
    ours, theirs = keys["default"], keys["shoes"]
    with TestClient(app_of(shop, None), raise_server_exceptions=False) as client:
        page = client.get("/v1/search?q=mug&sort=price&n=2", headers=ours).json()
        assert page["next_cursor"]
        further = client.get("/v1/search", headers=theirs,
                             params={"q": "mug", "sort": "price", "n": 2, "cursor": page["next_cursor"]})  # fmt: skip
        assert not shows(further, OURS, ""), further.text
        shown = client.get("/v1/home?n=3&user=zoe", headers=ours).json()["request_id"]
        assert client.post("/v1/explain/words", json={"request_id": shown}, headers=ours).status_code == 200
        assert client.post("/v1/explain/words", json={"request_id": shown}, headers=theirs).status_code == 404
        # told by the same session name there: remembered there only
        told = {"session": "tab", "history": [{"type": "view", "product": "sun-1"}]}
        client.post("/v1/home", json=told, headers=theirs)
        assert not shows(client.get("/v1/home?session=tab&explain=true", headers=ours), THEIRS, "")
        assert client.get("/v1/products/sun-1", headers=ours).status_code == 404
        assert client.get("/v1/products/sun-1/picture", headers=ours).status_code == 404
        kept = client.get("/v1/products/mug-1/picture", headers=theirs)
        assert kept.headers["cache-control"].startswith("private")  # by no cache that others use too
        assert client.get("/v1/products/mug-1/picture").headers["cache-control"].startswith("public")


@pytest.mark.parametrize("path", ["/v1/live", "/ws"])
def test_live_messages_are_of_the_keys_own_shop(shop: Runtime, keys: Shops, path: str) -> None:
    with TestClient(app_of(shop, "fullstack" if path == "/ws" else None)) as client:
        for tenant, own, foreign in (("default", OURS, THEIRS), ("shoes", THEIRS, OURS)):
            # the test client counts it as a fault that a conversation ends with its page
            with suppress(CancelledError), client.websocket_connect(path, headers=keys[tenant]) as page:
                wanted = {"type": "subscribe", "topics": ["trending", "counters", "feed"], "user": "zoe"}
                page.send_json({**wanted, "tenant": "default"})
                assert page.receive_json()["code"] == "invalid_message"  # nobody says whose he is
                page.send_json(wanted)
                while '"type":"trending"' not in (told := page.receive_text()):
                    assert "error" not in told
                assert any(word in told for word in own)
                assert not any(word in told for word in foreign)
    assert not set(people("default", "zoe", "tab")) & set(people("shoes", "zoe", "tab"))


def test_pages_are_of_the_shop_one_signed_in_to(shop: Runtime, keys: Shops) -> None:
    who = {"email": "zoe@example.com", "password": "correct horse"}
    with TestClient(app_of(shop, None)) as client:
        assert client.post("/v1/auth/sign-up", json=who, headers=keys["shoes"]).status_code == 202
        token = client.post("/v1/auth/sign-in", json=who, headers=keys["shoes"]).json()["access_token"]
        for path in ("/", "/product/mug-1", "/explore", "/dashboard"):
            assert not shows(client.get(path), (*OURS, *THEIRS), "")  # nobody is shown anything
        for credential in ({"headers": keys["shoes"]}, {"cookies": {PROOF: token}}):
            client.cookies.update(credential.get("cookies", {}))
            page = client.get("/product/mug-1", headers=credential.get("headers"))
            assert page.status_code == 200
            assert "Zapato mug-1" in page.text
            for path in ("/", "/product/mug-1", "/explore", "/profile"):
                assert not shows(client.get(path, headers=credential.get("headers")), OURS, ""), path


def test_releases_jobs_and_figures_are_of_who_runs_the_service(shop: Runtime, keys: Shops) -> None:
    whole = [(method, path) for (method, path), needs in NEEDS.items() if needs.whole]
    assert {("GET", "/v1/admin/releases"), ("POST", "/v1/admin/jobs"), ("GET", "/metrics")} <= set(whole)
    with shop.database.session() as session:
        metrics = make_key(session, "default", "prometheus", ["metrics"], days=1, now=utc_now()).text
        foreign = make_key(session, "shoes", "prometheus", ["metrics"], days=1, now=utc_now()).text
        promote(session, "r-ours")
    with TestClient(app_of(shop, None)) as client:
        for method, path in whole:
            body = {"live": "r-ours"} if "releases" in path else {"name": "training"}
            options = {"json": body} if method == "POST" else {}
            answer = client.request(method, address(path), headers=keys["shoes"], **options)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_your_service"), path
            if method == "GET":
                assert client.get(address(path), headers=keys["default"]).status_code == 200, path
        assert client.get("/metrics", headers={"X-API-Key": metrics}).status_code == 200
        assert client.get("/metrics", headers={"X-API-Key": foreign}).status_code == 403
        assert client.get("/v1/products", headers={"X-API-Key": metrics}).status_code == 403
        # whom another shop erases, with a training asked for, ends no release of ours
        client.put("/v1/users/max", json={"features": {}}, headers=keys["shoes"])
        erased = client.delete("/v1/users/max?now=true", headers=keys["shoes"]).json()
        assert (erased["releases"], bool(erased["model_ended_at"])) == ([], True)
        assert client.get(f"/v1/privacy/receipts/{erased['receipt']}", headers=keys["default"]).status_code == 404


def test_no_act_changes_anything_of_the_other_shop(shop: Runtime, keys: Shops) -> None:
    def state() -> str:
        lines = []
        with shop.database.session() as session:
            for table in LASTING:
                wanted = table.c.tenant == "default" if "tenant" in table.c else table.c.id.is_not(None)
                rows = session.connection().execute(select(table).where(wanted).order_by(*table.primary_key.columns))
                lines += [f"{table.name} {row}" for row in rows]
        return "\n".join(lines)

    before = state()
    assert "our secret" in before
    with TestClient(app_of(shop, None), raise_server_exceptions=False) as client:
        done = 0
        for method, path, query, body in sorted(operations(client), key=lambda one: one[0] == "DELETE"):
            if method == "GET" or (path == "/v1/keys/{id}" and method == "DELETE"):
                continue
            for told in ({}, {"tenant": "default"}):
                options = {} if method == "DELETE" else {"json": {**body, **told}}
                headers = {**keys["shoes"], **({"X-Tenant": "default"} if told else {})}
                answer = client.request(method, address(path), params={**query, **told}, headers=headers, **options)
                assert answer.status_code < 500 or answer.json()["code"] == "index_not_ready", f"{path}: {answer.text}"
                done += answer.status_code < 300
        number = client.get("/v1/keys", headers=keys["default"]).json()["keys"][0]["id"]
        assert client.delete(f"/v1/keys/{number}", headers=keys["shoes"]).status_code == 404
        assert client.get("/v1/keys", headers=keys["default"]).status_code == 200
    assert done > 10  # there was something to fear
    assert state() == before


@pytest.mark.parametrize(("api", "shows_what"), [(None, "page"), *((api, "token") for api in (None, *compat_apis()))])
def test_no_route_reads_or_writes_anything_of_another_person(
    shop: Runtime, keys: Shops, api: str | None, shows_what: str
) -> None:
    def of_zoe() -> str:
        with shop.database.session() as session:
            run = session.connection().execute
            key = run(select(USERS.c.id).where(USERS.c.tenant == "default", USERS.c.external_id == "zoe")).scalar_one()
            rows = run(select(USERS).where(USERS.c.id == key)).all()
            rows += run(select(INTERACTION).where(INTERACTION.c.user_id == key).order_by(INTERACTION.c.id)).all()
            rows += run(select(IMPRESSION).where(IMPRESSION.c.user == "zoe").order_by(IMPRESSION.c.id)).all()
        return str(rows)

    who = {"email": f"eve-{api}@example.com", "password": "correct horse"}
    before = of_zoe()
    assert "our secret" in before
    with TestClient(app_of(shop, api), raise_server_exceptions=False) as client:
        if shows_what == "token":
            client.post("/v1/auth/sign-up", json=who)
            headers = {"Authorization": f"Bearer {client.post('/v1/auth/sign-in', json=who).json()['access_token']}"}
        else:
            with shop.database.session() as session:
                made = make_key(session, "default", "page", ["read", "events"], days=1, now=utc_now())
            headers = {"X-API-Key": made.text}
        answered = 0
        for method, path, query, body in list(operations(client)):
            if api is not None and path.startswith("/v1/"):
                continue
            options = {} if method in ("GET", "DELETE") else {"json": body}
            answer = client.request(method, address(path), params=query, headers=headers, **options)
            assert answer.status_code < 500 or answer.json()["code"] == "index_not_ready", f"{path}: {answer.text}"
            answered += answer.status_code < 300
            assert "our secret" not in answer.text, f"{method} {path}"
            names_zoe = "zoe" in json.dumps([query, body]) + address(path)
            is_list = path == "/v1/events"  # has an outcome for each
            assert not names_zoe or is_list or answer.status_code in (403, 404, 422), f"{method} {path} {answer.text}"
        assert api is not None or answered > 5
    assert of_zoe() == before
