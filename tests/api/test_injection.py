"""What is written into headers, paths and bodies stays there: no header, log line, redirect or flood is made of it."""

import gzip
import re
import zlib
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from service.api.scopes import NEEDS
from service.app import create_app
from service.runtime import Runtime
from service.storefront.guest import PROOF

BREAK = "%0d%0aSet-Cookie:%20stolen=1%0d%0a"
WHO = {"email": "eve@shop.example", "password": "correct horse"}


def behind_keys(shop: Runtime) -> TestClient:
    changes = {"access": "keys", "secret": SecretStr("a secret of thirty-two characters"), "background": "off"}
    settings = shop.settings.model_copy(update=changes)
    return TestClient(create_app(replace(shop, settings=settings)), follow_redirects=False)


@pytest.mark.parametrize("path", [f"/v1/products/{BREAK}", f"/{BREAK}", f"/v1/search?q={BREAK}", f"/search?q={BREAK}"])
def test_a_line_break_in_a_path_makes_no_header_and_no_line_of_the_log(
    reading: TestClient, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = reading.get(path)
    assert answer.status_code < 500
    assert "stolen" not in answer.headers.get("set-cookie", "")
    assert "stolen" not in capsys.readouterr().err


@pytest.mark.parametrize("given", ["a b", "x" * 65, "<script>", "../../etc/passwd", "a\tb", "\u00e9"])
def test_a_request_id_that_is_none_is_neither_answered_nor_logged(
    reading: TestClient, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = reading.get("/v1/trending", headers={"X-Request-Id": given.encode("latin-1")})
    assert answer.headers["x-request-id"] != given
    assert given not in capsys.readouterr().err


@pytest.mark.parametrize(
    "path", ["//evil.example/", "//evil.example/..", "/v1/search/", "/sign-in?next=//evil.example", "/\\evil.example"]
)
def test_no_path_leads_to_another_host(reading: TestClient, path: str) -> None:
    answer = reading.get(f"http://testserver{path}", headers={"Host": "evil.example"}, follow_redirects=False)
    assert "evil.example" not in answer.headers.get("location", "")


def test_a_cookie_alone_changes_and_reads_nothing_of_an_account(own_shop: Runtime) -> None:
    with behind_keys(own_shop) as client:
        client.post("/v1/auth/sign-up", json=WHO)
        token = client.post("/v1/auth/sign-in", json=WHO).json()["access_token"]
        client.cookies.set(PROOF, token)
        for method, path in (
            ("POST", "/v1/events"),
            ("PUT", "/v1/me"),
            ("DELETE", "/v1/me"),
            ("GET", "/v1/me"),
            ("POST", "/v1/auth/password"),
        ):
            assert client.request(method, path, json={}).status_code == 401, (method, path)
        assert client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize("packed", [gzip.compress, zlib.compress])
@pytest.mark.parametrize("path", ["/v1/events", "/v1/search", "/v1/home", "/v1/products"])
def test_a_packed_body_is_not_unpacked(reading: TestClient, path: str, packed: Any) -> None:
    bomb = packed(b'{"query": "' + b"a" * 20_000_000 + b'"}')
    assert len(bomb) < 100_000
    method = "PUT" if path == "/v1/products" else "POST"
    for coding in ("gzip", "deflate", "br", "gzip, gzip"):
        headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
        answer = reading.request(method, path, content=bomb, headers=headers)
        assert answer.status_code in (400, 422), answer.text
        assert len(answer.content) < 2_000


def test_what_depends_on_who_asks_is_kept_by_nobody(reading: TestClient) -> None:
    shared = re.compile(r"/(picture|image)$|^/static|^/docs/")
    asked = [path for (method, path), _ in NEEDS.items() if method == "GET" and path.startswith("/v1/")]
    for path in [*asked, "/health/ready", "/metrics", "/openapi.json", "/v1/no-such-route"]:
        answer = reading.get(re.sub(r"\{[^}]+\}", "mug-1", path), params={"q": "mug", "user": "ann"})
        told = answer.headers["cache-control"]
        if not shared.search(path):
            # of an open shop, the same for everybody: may be kept, and is asked for again each time
            assert "no-store" in told or told == "public, no-cache", f"{path}: {told}"
    for path in ("/v1/home?user=ann", "/v1/search?q=mug&user=ann", "/v1/home?session=tab", "/v1/users/ann",
                 "/v1/similar/mug-1?user=ann"):  # fmt: skip
        assert "no-store" in reading.get(path).headers["cache-control"], path
    assert "no-store" in reading.post("/v1/events", json=[]).headers["cache-control"]


def test_broken_json_in_a_parameter_is_told_by_its_name(reading: TestClient) -> None:
    for terms in ('{"red', "[1]", '{"red": "much"}'):
        problem = reading.get("/v1/search", params={"terms": terms}).json()
        assert {one["field"].split(".")[:2] == ["query", "terms"] for one in problem["errors"]} == {True}, problem
        assert "body" not in problem["detail"]
    assert reading.post("/v1/search", content=b"{").json()["errors"][0]["field"] == "body"


def test_nobody_can_ask_for_a_forgotten_password_by_an_address() -> None:
    # an answer to it would tell who has an account, and there is no mail here: the shop sets a new one
    assert not [path for _, path in NEEDS if re.search("reset|forgot|recover", path)]


SIMPLE = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None)


@pytest.mark.parametrize("kind", SIMPLE)
def test_another_places_page_makes_no_visitors_browser_send_anything(own_shop: Runtime, kind: str | None) -> None:
    # what a form or a simple fetch can send without being asked back, to a shop that asks for no key
    event = b'{"type": "view", "product": "mug-1", "user": "ann", "event_id": "forged"}'
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    about = {} if kind is None else {"Content-Type": kind}
    cors = own_shop.params.cors.model_copy(update={"origins": ("https://shop.example",)})
    shop = replace(own_shop, params=own_shop.params.model_copy(update={"cors": cors}))
    app = create_app(replace(shop, settings=shop.settings.model_copy(update={"background": "off"})))
    with TestClient(app) as client:
        for path in ("/v1/events", "/v1/rules", "/v1/users/ann/merge", "/v1/auth/sign-up", "/v1/admin/jobs"):
            answer = client.post(path, content=event, headers={**foreign, **about})
            assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin"), path
        sent = [client.post("/v1/events", content=event, headers={**about, **more}).json() for more in (
            {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"},  # a page that was named
            {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"},
            {},  # a program
        )]  # fmt: skip
        assert [one["recorded"] + one["duplicates"] for one in sent] == [1, 1, 1]
        assert client.get("/v1/trending", headers=foreign).status_code in (200, 503)  # reads ask for no leave
