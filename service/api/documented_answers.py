"""One answer of each operation that answers with JSON, as the OpenAPI document shows it: lists with one entry."""

from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from fastapi import FastAPI


@cache
def answer_examples() -> dict[str, Any]:
    """Operation, as "GET /v1/home" -> an answer.

    Examples
    --------
    >>> answer_examples()["GET /health/live"]
    {'status': 'ok'}
    """
    found: dict[str, Any] = orjson.loads(files("service.api").joinpath("answer_examples.json").read_bytes())
    return found


def document_answers(app: FastAPI) -> None:
    """Add its example to each operation that answers with JSON."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        is_new = app.openapi_schema is None
        document = plain()
        if is_new:
            examples = answer_examples()
            for path, operations in document["paths"].items():
                for method, operation in operations.items():
                    _show(operation["responses"], examples.get(f"{method.upper()} {path}"))
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _show(answers: dict[str, Any], example: Any) -> None:
    for status, answer in answers.items():
        content = answer.get("content", {})
        if status.startswith("2") and example is not None and "application/json" in content:
            content["application/json"]["example"] = example
