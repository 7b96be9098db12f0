"""The OpenAPI document tells a stranger what each route is for, what to send, and what can go wrong."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from config.params import load_params
from config.profile import profile_file
from service.api.compat import compat_apis
from service.api.documented_answers import answer_examples
from service.api.documented_examples import EXAMPLES
from service.api.documented_problems import EVERYWHERE
from service.app import create_app
from service.runtime import Runtime

PROBLEM = {"$ref": "#/components/schemas/Problem"}
Operation = tuple[str, str, dict[str, Any]]
IN_PATH = {"id": "mug-1", "name": "main"}


@pytest.fixture(scope="module", params=[None, *compat_apis()])
def document(request: pytest.FixtureRequest, runtime: Runtime) -> dict[str, Any]:
    """The document of the service, and of the service with each profile."""
    if request.param is not None:
        runtime = replace(runtime, params=load_params(profile_file(request.param)))
    return create_app(runtime).openapi()


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def test_every_operation_has_a_name_a_description_and_a_place(document: dict[str, Any]) -> None:
    bare = [
        (method, path, part)
        for method, path, operation in operations(document)
        for part in ("summary", "description", "tags")
        if not operation.get(part)
    ]
    assert bare == []


def test_every_error_is_a_problem_of_one_shape(document: dict[str, Any]) -> None:
    assert {"type", "title", "status", "code", "detail"} <= document["components"]["schemas"]["Problem"][
        "properties"
    ].keys()
    for method, path, operation in operations(document):
        answers = operation["responses"]
        assert {str(status) for status in EVERYWHERE} <= answers.keys(), (method, path)
        for status, answer in answers.items():
            assert answer["description"], (method, path, status)
            if status >= "400" and not (status == "503" and path == "/health"):  # of profiles: readiness in their words
                [(kind, shown)] = answer["content"].items()
                assert (kind, shown["schema"]) == ("application/problem+json", PROBLEM), (method, path, status)


def test_every_body_has_an_example_that_its_schema_allows(document: dict[str, Any]) -> None:
    validators = pytest.importorskip("jsonschema_rs", reason="comes with schemathesis")
    for method, path, operation in operations(document):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None:
            continue
        assert "example" in body, (method, path)
        schema = body["schema"] | {"components": document["components"]}
        validators.validator_for(schema).validate(body["example"])


def test_every_answer_in_json_has_an_example_that_its_schema_allows(document: dict[str, Any]) -> None:
    validators = pytest.importorskip("jsonschema_rs", reason="comes with schemathesis")
    examples = 0
    for method, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            body = answer.get("content", {}).get("application/json")
            if body is None or not status.startswith("2"):
                continue
            if path.startswith(("/v1/", "/health/")):  # those of a profile are what the other system answers
                assert "example" in body, f"service/api/answer_examples.json has no answer of {method} {path}"
            if "example" in body:
                examples += 1
                schema = body["schema"] | {"components": document["components"]}
                validators.validator_for(schema).validate(body["example"])
    assert examples == len(answer_examples()), "an example of an operation that is not there"


def test_every_example_is_understood(writing: TestClient) -> None:
    paths = writing.get("/openapi.json").json()["paths"]
    for (method, path), example in EXAMPLES.items():
        if path not in paths:
            continue  # of a profile
        asked = re.sub(r"\{(\w+)\}", lambda name: IN_PATH[name[1]], path)
        answer = writing.request(method, asked, json=example)
        assert answer.status_code not in (400, 413, 422), (method, asked, answer.text)
        assert answer.status_code < 500, (method, asked, answer.text)


def test_a_method_that_a_path_does_not_have_is_told_which_it_has(reading: TestClient) -> None:
    answer = reading.put("/v1/search", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert answer.headers["content-type"] == "application/problem+json"
