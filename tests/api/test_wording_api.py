"""``/v1/explain/words`` over HTTP: sentences for a slate that was shown, with a model, without one, with a bad one."""

import dataclasses
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from service.app import create_app
from service.core.errors import ConfigurationError
from service.explain.facts import Fact, sentence
from service.impressions import ImpressionLog
from service.runtime import Runtime
from tests.model_server import KEY, ModelServer, Then, as_json, model_server, says


@pytest.fixture(scope="module")
def shop(own_shop: Runtime) -> Runtime:
    own_shop.count_popular()
    return own_shop


def with_settings(shop: Runtime, **changes: object) -> Runtime:
    return dataclasses.replace(shop, settings=shop.settings.model_copy(update={"background": "off", **changes}))


@pytest.fixture
def plain(shop: Runtime) -> Iterator[TestClient]:
    with TestClient(create_app(with_settings(shop)), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


@pytest.fixture
def worded(shop: Runtime, server: ModelServer) -> Iterator[TestClient]:
    pytest.importorskip("openai", reason="the extra `llm` is not installed: pip install '.[llm]'")
    changes = {"llm_provider": "openai", "llm_model": "m", "llm_base_url": server.base_url("openai")}
    runtime = with_settings(shop, **changes, llm_api_key=SecretStr(KEY))
    with TestClient(create_app(runtime), raise_server_exceptions=False) as client:
        yield client


def search(client: TestClient, query: str = "red mug") -> dict:
    answer = client.post("/v1/search", json={"query": query, "n": 4, "session": "s-1"}).json()
    assert len(answer["items"]) == 4
    return answer


def words(client: TestClient, **body: object) -> dict:
    answer = client.post("/v1/explain/words", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_without_a_model_the_templates_answer_and_say_so(plain: TestClient) -> None:
    slate = search(plain)
    answer = words(plain, request_id=slate["request_id"])  # at once: what was just shown is not written yet
    assert [item["id"] for item in answer["items"]] == [item["id"] for item in slate["items"]]
    assert [item["sentence"] for item in answer["items"]] == [sentence(Fact(item["source"])) for item in slate["items"]]
    assert answer["wording"] == "template"
    assert answer["why"] == "no language model is set up: VITRINE_LLM_PROVIDER is template"


def test_a_model_words_the_slate_in_one_call_and_the_feed_in_none(worded: TestClient, server: ModelServer) -> None:
    server.then(says("Picked as it may suit you", "These may suit you"))
    slate = search(worded)
    assert not server.calls
    answer = words(worded, request_id=slate["request_id"])
    assert {(item["sentence"], item["wording"]) for item in answer["items"]} == {("Picked as it may suit you", "model")}
    assert answer["insight"] == {"sentence": "These may suit you", "wording": "model", "why": None}
    assert (answer["wording"], answer["why"], answer["cached"]) == ("model", None, False)
    assert words(worded, request_id=slate["request_id"])["cached"]
    assert len(server.calls) == 1
    sent = str(server.calls[0].body)
    assert not any(secret in sent for secret in ("s-1", "red mug", slate["items"][0]["id"], KEY))


def test_a_model_that_is_down_costs_no_sentence(worded: TestClient, server: ModelServer) -> None:
    server.then(Then(status=500))
    slate = search(worded)
    answer = words(worded, request_id=slate["request_id"])
    assert answer["wording"] == "template"
    assert "answered 500" in answer["why"]
    assert [item["sentence"] for item in answer["items"]] == [item["reason"] for item in slate["items"]]


def test_a_model_that_names_another_product_is_not_heard(worded: TestClient, server: ModelServer) -> None:
    server.then(Then(as_json(lambda _: "Goes well with Red Bag by Quill", "Buy it now at evil.example")))
    answer = words(worded, request_id=search(worded)["request_id"])
    assert {item["wording"] for item in answer["items"]} == {"template"}
    assert "Quill" not in str(answer["items"])
    assert "evil" not in str(answer)


def test_another_language_is_a_word_of_the_request_or_of_the_settings(shop: Runtime, plain: TestClient) -> None:
    slate = search(plain)
    answer = words(plain, request_id=slate["request_id"], language="de")
    german = [sentence(Fact(item["source"]), "de") for item in slate["items"]]
    assert ([item["sentence"] for item in answer["items"]], answer["language"]) == (german, "de")
    with TestClient(create_app(with_settings(shop, language="de"))) as client:
        assert words(client, request_id=slate["request_id"])["items"] == answer["items"]


def test_what_another_replica_has_just_shown_is_waited_for(shop: Runtime, plain: TestClient) -> None:
    beside = with_settings(shop, database_url=SecretStr("postgresql://shared"))
    beside = dataclasses.replace(beside, impressions=ImpressionLog(shop.database, 0.5, 10))
    with TestClient(create_app(beside), raise_server_exceptions=False) as replica:
        slate = search(plain)
        answer = words(replica, request_id=slate["request_id"])
    assert [item["id"] for item in answer["items"]] == [item["id"] for item in slate["items"]]


def test_a_page_of_shelves_is_worded_as_a_whole(plain: TestClient) -> None:
    page = plain.post("/v1/home", json={"shelves": "all", "user": "u-1"}).json()
    shown = [(shelf["name"], item["id"]) for shelf in page["shelves"] for item in shelf["items"]]
    assert shown
    answer = words(plain, request_id=page["request_id"])
    assert [(item["shelf"], item["id"]) for item in answer["items"]] == shown


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"request_id": "never-shown"}, 404, "request_not_found"),
        ({"request_id": ""}, 422, "invalid_request"),
        ({"request_id": "x y"}, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
        ({"request_id": "a", "language": "../../secret.toml"}, 422, "invalid_query"),
        ({"request_id": "a", "user": "u-1"}, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_answered_is_said(plain: TestClient, body: dict, status: int, code: str) -> None:
    answer = plain.post("/v1/explain/words", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_model_that_cannot_be_used_stops_the_start_with_one_line(shop: Runtime) -> None:
    with pytest.raises(ConfigurationError, match="VITRINE_LLM_MODEL"):
        create_app(with_settings(shop, llm_provider="openai"))
    with pytest.raises(ConfigurationError, match="there are no sentences in 'tlh'"):
        create_app(with_settings(shop, language="tlh"))
