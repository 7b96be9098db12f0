"""What an error looks like in the OpenAPI document: the same problem everywhere, as ``application/problem+json``."""

from typing import Any

from fastapi import FastAPI

from service.api.problems import Problem

Responses = dict[int | str, dict[str, Any]]
_SCHEMA = {"$ref": "#/components/schemas/Problem"}


def problem_answer(description: str) -> dict[str, Any]:
    """How an operation documents one status that is a problem.

    Examples
    --------
    >>> list(problem_answer("the rule exists already")["content"])
    ['application/problem+json']
    """
    return {"description": description, "content": {"application/problem+json": {"schema": _SCHEMA}}}


EVERYWHERE: Responses = {
    400: problem_answer("the body is not JSON text"),
    401: problem_answer("no key or token was shown, or it is not valid"),
    403: problem_answer("this key or token may not do that"),
    404: problem_answer("unknown id"),
    413: problem_answer("too much data"),
    422: problem_answer("invalid request; `detail` says what to do"),
    429: problem_answer("too many requests of one key or address; `Retry-After` says when to go on"),
    503: problem_answer("a dependency does not answer; try again shortly"),
}
"""The statuses that any operation may answer with."""


def document_problems(app: FastAPI) -> None:
    """Add the schema that every error refers to."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        is_new = app.openapi_schema is None
        document = plain()
        if is_new:
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas["Problem"] = Problem.model_json_schema()
        return document

    app.openapi = openapi  # type: ignore[method-assign]
