"""The client asks and reads everything the OpenAPI document of the service has, and nothing else."""

import re
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict
from urllib.parse import unquote

import pytest

from service.app import create_app
from service.client import Call, Vitrine
from service.clients.asks import catalogue, lists, people, rules
from service.clients.routes import Route, Routes
from service.runtime import Runtime
from tests.client.samples import CALLS, SAMPLES

NO_METHOD: frozenset[str] = frozenset()
"""Routes that need none, as "GET /v1/…"; there is a reason beside each."""

Document = dict[str, Any]
Schema = dict[str, Any]


@pytest.fixture(scope="module")
def document(runtime: Runtime) -> Document:
    return create_app(runtime).openapi()


def operations(document: Document) -> Iterator[tuple[str, str, Schema]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def operation_of(document: Document, call: Call[Any]) -> tuple[str, Schema]:
    """The operation a call is of: the one whose path fits best."""
    fitting = [
        (path.count("{"), f"{method} {path}", operation)
        for method, path, operation in operations(document)
        if method == call.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), call.path)
    ]
    assert fitting, f"the document has no {call.method} {call.path}"
    _, name, operation = min(fitting, key=lambda one: one[0])
    return name, operation


def test_every_route_of_the_document_has_a_method_and_every_method_is_tried_here(document: Document) -> None:
    asked = {operation_of(document, call)[0] for call in CALLS}
    there = {f"{method} {path}" for method, path, _ in operations(document) if path.startswith(("/v1/", "/health"))}
    missing = there - asked - NO_METHOD
    assert not missing, f"give them a function in service/clients, a line in routes.py and a sample here: {missing}"
    methods = {name for name, value in vars(Routes).items() if isinstance(value, Route)}
    signing = {"sign_in", "refresh", "sign_out", "change_password"}
    assert methods | signing == SAMPLES.keys()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
def test_what_is_asked_is_what_the_document_allows(document: Document, call: Call[Any]) -> None:
    _, operation = operation_of(document, call)
    known = {one["name"]: one for one in operation.get("parameters", []) if one["in"] == "query"}
    said = dict(call.params)
    assert said.keys() <= known.keys()
    assert {name for name, one in known.items() if one.get("required")} <= said.keys()
    content = operation.get("requestBody", {}).get("content", {})
    if call.body is None:
        assert not operation.get("requestBody", {}).get("required")
        return
    validators = pytest.importorskip("jsonschema_rs", reason="comes with schemathesis")
    import orjson

    schema = content["application/json"]["schema"] | {"components": document["components"]}
    validators.validator_for(schema).validate(orjson.loads(call.content))


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.path}")
def test_answers_are_read_as_the_document_describes_them(document: Document, call: Call[Any]) -> None:
    _, operation = operation_of(document, call)
    [answer] = [one for status, one in operation["responses"].items() if status.startswith("2")]
    content = answer.get("content", {})
    if call.answer is type(None):
        assert content == {}
    elif call.answer in (bytes, str):
        assert not {"application/json"} & content.keys() or "application/zip" in content
    else:
        compare(document, content["application/json"]["schema"], call.answer, set())


def compare(document: Document, schema: Schema, kind: Any, seen: set[Any]) -> None:
    """That a class and a schema have the same fields of the same types."""
    schema = resolved(document, schema)
    if is_dataclass(kind):
        if kind in seen:
            return
        seen.add(kind)
        hints, needed = get_type_hints(kind), set(schema.get("required", ()))
        assert set(hints) == set(schema["properties"]), kind
        for field in fields(kind):
            told = schema["properties"][field.name]
            is_always_there = field.name in needed or told.get("default") is not None or "default" not in told
            assert is_always_there or field.default is not MISSING or kind.__name__ == "RuleOut", (kind, field.name)
            compare(document, told, hints[field.name], seen)
        return
    parts = list(schema.get("anyOf", [schema]))
    if get_origin(kind) in (Union, UnionType):
        kinds = get_args(kind)
        assert (NoneType in kinds) == ({"type": "null"} in parts), (kind, schema)
        kinds = tuple(one for one in kinds if one is not NoneType)
        parts = [one for one in parts if one != {"type": "null"}]
        if len(kinds) == 1:
            compare(document, parts[0], kinds[0], seen)
        return
    if get_origin(kind) is tuple:
        assert schema["type"] == "array", (kind, schema)
        compare(document, schema["items"], get_args(kind)[0], seen)
    elif get_origin(kind) is dict and get_args(kind)[1] is not Any:
        compare(document, schema["additionalProperties"], get_args(kind)[1], seen)
    elif kind is not Any:
        expected = {str: "string", int: "integer", float: "number", bool: "boolean", datetime: "string"}
        assert schema.get("type", "string") == expected.get(kind, "object"), (kind, schema)
        assert (kind is datetime) == (schema.get("format") == "date-time"), (kind, schema)


def resolved(document: Document, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


SHAPES = {
    lists.HomeAsk: "HomeRequest", lists.SearchAsk: "ListRequest", lists.SimilarAsk: "SimilarRequest",
    lists.ExplainAsk: "ExplainRequest", lists.BundleAsk: "BundleRequest", lists.Boost: "BoostIn",
    lists.Happened: "Happened", catalogue.NewProduct: "ProductFields", catalogue.ProductFields: "ProductPatch",
    people.UserFields: "UserIn", people.MeFields: "MeIn", people.Preferences: "Preferences", people.NewKey: "KeyIn",
    rules.RuleDraft: "RuleDraft", rules.RulePut: "RuleFields", rules.RuleFields: "RulePatch",
    rules.RuleScope: "ScopeIn", rules.PinPlace: "PinPlace", rules.QuotaOf: "QuotaOf", rules.PinThem: "PinThem",
    rules.LeaveOut: "LeaveOut", rules.BoostOrBury: "BoostOrBury",
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_keywords_are_the_names_of_the_document(document: Document, shape: Any) -> None:
    assert is_typeddict(shape)
    schema = document["components"]["schemas"][SHAPES[shape]]
    simple = set(lists.SimpleFilter.__annotations__) if can_be_simple(shape) else set()
    assert set(shape.__annotations__) - simple == set(schema["properties"])
    assert shape.__required_keys__ == {name for name in schema.get("required", ()) if name in shape.__annotations__}
    for name, hint in get_type_hints(shape).items():
        if get_origin(hint) is Literal and name in schema["properties"]:
            told = schema["properties"][name]
            assert set(get_args(hint)) == set(told.get("enum", [told.get("const")])), (shape, name)


def can_be_simple(shape: Any) -> bool:
    return set(lists.SimpleFilter.__annotations__) <= set(shape.__annotations__)


def test_an_event_has_the_fields_of_the_document(document: Document) -> None:
    event = document["paths"]["/v1/events"]["post"]["requestBody"]["content"]["application/json"]["schema"]["anyOf"][0]
    assert set(people.Event.__annotations__) == set(event["properties"])
    assert set(get_args(get_type_hints(people.Event)["type"])) == set(event["properties"]["type"]["enum"])


def test_ids_are_escaped_so_that_they_stay_one_part_of_a_path() -> None:
    call = Vitrine.similar("a/b?c d", n=1)
    assert (call.path, unquote(call.path)) == ("/v1/similar/a%2Fb%3Fc%20d", "/v1/similar/a/b?c d")
