"""What is written into headers and paths stays there: no header, log line or redirect is made of it."""

from dataclasses import replace

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

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
