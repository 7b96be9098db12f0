"""Pages of other origins: those that are named are let in, others get no leave, and only named ones get credentials."""

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from config.serving import Cors
from config.settings import Settings
from service.core.errors import ConfigurationError
from service.runtime import Runtime
from tests.api.guarded_app import guarded

OURS = "https://shop.example"
ALLOWED = "access-control-allow-origin"


def preflight(client: TestClient, origin: str) -> dict[str, str]:
    asks = {"Origin": origin, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-api-key"}
    return dict(client.options("/quick", headers=asks).headers)


def test_nobody_is_let_in_by_default(runtime: Runtime) -> None:
    client = TestClient(guarded(runtime))

    assert not any(name.startswith("access-control") for name in client.get("/quick", headers={"Origin": OURS}).headers)
    assert not any(name.startswith("access-control") for name in preflight(client, OURS))


def test_a_named_origin_is_let_in_with_credentials(runtime: Runtime) -> None:
    client = TestClient(guarded(runtime, cors={"origins": (OURS,), "credentials": True}))
    answer = client.get("/quick", headers={"Origin": OURS}).headers
    before = preflight(client, OURS)

    assert (answer[ALLOWED], answer["access-control-allow-credentials"]) == (OURS, "true")
    assert "X-Request-Id" in answer["access-control-expose-headers"]
    assert "Origin" in answer["vary"]
    assert (before[ALLOWED], before["access-control-allow-headers"]) == (OURS, "x-api-key")
    assert "PUT" in before["access-control-allow-methods"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example", "http://shop.example", "https://shop.example.evil.example", "https://shop.example:444",
        "https://shop.exampleevil.example", "null", "*", "https://SHOP.example/", "",
    ],
)  # fmt: skip
def test_a_foreign_origin_gets_no_leave(runtime: Runtime, origin: str) -> None:
    client = TestClient(guarded(runtime, cors={"origins": (OURS,), "credentials": True}))

    assert ALLOWED not in client.get("/quick", headers={"Origin": origin}).headers
    assert ALLOWED not in preflight(client, origin)


def test_any_origin_means_without_credentials(runtime: Runtime) -> None:
    answer = TestClient(guarded(runtime, cors={"origins": ("*",)})).get("/quick", headers={"Origin": OURS}).headers

    assert answer[ALLOWED] == "*"
    assert "access-control-allow-credentials" not in answer


def test_refusals_can_be_read_by_pages_too(runtime: Runtime) -> None:
    app = guarded(runtime, cors={"origins": (OURS,)}, limits={"per_minute": {"/": 1}})
    client = TestClient(app)
    answers = [client.get("/quick", headers={"Origin": OURS}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers[ALLOWED] == OURS


def test_the_setting_takes_the_place_of_the_configuration(runtime: Runtime) -> None:
    app = guarded(runtime, {"cors_origins": ("https://other.example",)}, cors={"origins": (OURS,)})
    client = TestClient(app)

    assert client.get("/quick", headers={"Origin": "https://other.example"}).headers[ALLOWED] == "https://other.example"
    assert ALLOWED not in client.get("/quick", headers={"Origin": OURS}).headers


def test_any_origin_with_credentials_is_refused_wherever_it_is_said(runtime: Runtime) -> None:
    with pytest.raises(ValidationError, match="credentials only go to origins that are named"):
        Cors(origins=("*",), credentials=True)
    with pytest.raises(ConfigurationError, match="VITRINE_CORS_ORIGINS"):
        guarded(runtime, {"cors_origins": ("*",)}, cors={"origins": (OURS,), "credentials": True})


def test_origins_come_from_the_environment_with_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_CORS_ORIGINS", "https://shop.example, http://localhost:5173,")
    assert Settings().cors_origins == ("https://shop.example", "http://localhost:5173")
    for wrong in ("https://shop.example/", "shop.example", "https://*.shop.example", "null", "https://Shop.example"):
        monkeypatch.setenv("VITRINE_CORS_ORIGINS", wrong)
        with pytest.raises(ValidationError, match="an origin is scheme://host"):
            Settings()
