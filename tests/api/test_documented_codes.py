"""The codes of problems that the OpenAPI document lists are those the service sends."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import service.api.documented_codes as documented
import service.core.errors as errors
from service.api.documented_codes import CODES
from service.app import create_app
from service.runtime import Runtime

SERVICE = Path(documented.__file__).parent.parent
STATUSES = {
    name: (kind.status, kind.code)
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.RecommenderError)
}
NOT_SENT = frozenset((
    "job_lost", "release_exists", "no_salt", "not_found", "conflict", "configuration_error", "internal_error",
    "invalid_receipts", "different_users", "no_users", "not_numbers", "copy_differs", "backup_exists",
    "target_not_empty", "backup_damaged",
))  # fmt: skip
"""Of commands and jobs, of bugs, and of parts whose callers give them another code."""
ELSEWHERE = frozenset(("nobody_named", "invalid_message", "no_such_file", "missing_field", "unknown_preference"))
"""Of the WebSocket, of pages and of profiles, which have their own words."""
NO_HTTP = ("cli", "clients", "backup")


def sent() -> Iterator[tuple[int, str]]:
    """Status and code of every problem that is written down in the service."""
    for path in SERVICE.rglob("*.py"):
        if path.relative_to(SERVICE).parts[0] in NO_HTTP or path.name == "documented_codes.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in STATUSES:
                status, code = STATUSES[node.func.id]
                given = next((one.value for one in node.keywords if one.arg == "code"), ast.Constant(code))
                if isinstance(given, ast.Constant):
                    yield status, str(given.value)
            elif node.func.id == "problem":
                match node.args:
                    case [ast.Constant(status), ast.Constant(code), *_]:
                        yield int(str(status)), str(code)


def test_the_list_has_every_code_that_is_sent_and_no_other() -> None:
    there, listed = set(sent()), {(one.status, one.code) for one in CODES}
    missing = {pair for pair in there - listed if pair[1] not in NOT_SENT | ELSEWHERE}
    assert not missing, f"say in service/api/documented_codes.py where these are met: {sorted(missing)}"
    assert listed - there == {(400, "http_error")}
    assert len({one.code for one in CODES}) == len(CODES)


def test_every_code_is_shown_where_it_is_met(runtime: Runtime) -> None:
    document: dict[str, Any] = create_app(runtime).openapi()
    shown: set[str] = set()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                codes = answer.get("x-codes", [])
                shown |= set(codes)
                for code in codes:
                    example = document["components"]["examples"][code]["value"]
                    assert (example["status"], example["code"]) == (int(status), code), (method, path)
            if path.startswith("/v1/"):
                for status in {"409", "413", "422", "429", "503"} & operation["responses"].keys():
                    assert operation["responses"][status].get("x-codes"), (method, path, status)
    assert shown == {one.code for one in CODES}


@pytest.mark.parametrize(
    ("method", "path", "status", "codes"),
    [
        ("post", "/v1/rules", "409", ["rule_exists", "too_many_rules"]),
        ("get", "/v1/trending", "404", ["no_such_category", "no_such_list"]),
        ("post", "/v1/events", "413", ["payload_too_large", "too_many_events"]),
    ],
)
def test_each_operation_lists_its_own_codes(
    runtime: Runtime, method: str, path: str, status: str, codes: list[str]
) -> None:
    answer = create_app(runtime).openapi()["paths"][path][method]["responses"][status]
    assert answer["x-codes"] == codes
    assert list(answer["content"]["application/problem+json"]["examples"]) == codes
