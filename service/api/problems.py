"""Every error as ``application/problem+json`` (RFC 9457) with a stable ``code``; bodies of 5xx carry no internals."""

from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from service.api.allowed_methods import allowed_methods
from service.core.errors import RecommenderError

log = structlog.get_logger()

_TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too much data",
    422: "Invalid request",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}
_HEADERS = {401: {"WWW-Authenticate": 'Bearer realm="vitrine"'}, 429: {"Retry-After": "60"}, 503: {"Retry-After": "2"}}
_SECRETS = frozenset({"password", "new_password", "refresh_token"})


class Problem(BaseModel):
    """What went wrong and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="stable: programs may switch on it")
    detail: str = Field(description="what was wrong, the value, what is allowed, what to do next")
    request_id: str | None = None
    errors: list[dict[str, str]] | None = Field(None, description="one entry per wrong field")


def problem(
    status: int, code: str, detail: str, request_id: str | None, errors: Any = None, *, allow: str | None = None
) -> Response:
    """A problem+json response; `allow` are the methods that there are."""
    body = Problem(
        title=_TITLES.get(status, "Error"),
        status=status,
        code=code,
        detail=detail,
        request_id=request_id,
        errors=errors,
    )
    headers = _HEADERS.get(status) if allow is None else {"Allow": allow}
    return Response(
        orjson.dumps(body.model_dump(exclude_none=True)), status, headers, media_type="application/problem+json"
    )


def install(app: FastAPI) -> None:
    """Turn every exception of the app into a problem."""
    app.add_exception_handler(RecommenderError, _recommender_error)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _invalid_request)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _http_error)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, _unexpected)


def describe(errors: Any) -> list[dict[str, str]]:
    """Pydantic's complaints as ``{"field", "problem"}``, values shortened.

    Examples
    --------
    >>> describe([{"type": "json_invalid", "loc": ("body", 9), "input": {}, "ctx": {"error": "Expecting value"}}])
    [{'field': 'body', 'problem': 'that is not JSON (Expecting value at character 9)'}]
    >>> describe([{"type": "json_invalid", "loc": ("query", "terms"), "input": "{", "ctx": {"error": "EOF"}}])
    [{'field': 'query.terms', 'problem': 'that is not JSON (EOF)'}]
    """
    return [_not_json(e) if _is_no_json(e) else _described(e) for e in errors]


def _described(error: Any) -> dict[str, str]:
    return {
        "field": ".".join(str(part) for part in error["loc"]) or "body",
        "problem": f"{error['msg']} (got {_short(error['input'])})" if _is_shown(error) else error["msg"],
    }


def _is_no_json(error: Any) -> bool:
    return error["type"] == "json_invalid" and "error" in error.get("ctx", {})


def _not_json(error: Any) -> dict[str, str]:
    """FastAPI says of a body by the last part of the place how far it came; a parameter has a name."""
    place, why = error["loc"], error["ctx"]["error"]
    if place[0] == "body":
        return {"field": "body", "problem": f"that is not JSON ({why} at character {place[-1]})"}
    return {"field": ".".join(str(part) for part in place), "problem": f"that is not JSON ({why})"}


async def _recommender_error(request: Request, error: RecommenderError) -> Response:
    if error.status >= 500:
        log.error("request_failed", code=error.code, error=error.message)
    return problem(error.status, error.code, error.message, _id(request))


async def _invalid_request(request: Request, error: RequestValidationError) -> Response:
    wrong = describe(error.errors())
    detail = "; ".join(f"{e['field']}: {e['problem']}" for e in wrong[:5])
    return problem(422, "invalid_request", detail, _id(request), wrong)


async def _http_error(request: Request, error: HTTPException) -> Response:
    code = {404: "no_such_route", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    detail = f"{request.method} {request.url.path}: {error.detail}. The routes are listed at /docs"
    allow = allowed_methods(request) if error.status_code == 405 else None
    return problem(error.status_code, code, detail, _id(request), allow=allow)


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request_crashed", exc_info=error)  # the line of the request, of the same id, names the route
    return problem(
        500, "internal_error", "something went wrong here; the log line of this request_id says what", _id(request)
    )


def _id(request: Request) -> str | None:
    return request.scope.get("request_id")


def _is_shown(error: Any) -> bool:
    """Whether what was sent may be repeated: never a password, nor what may be one under a misspelt name."""
    if error["type"] == "extra_forbidden" or "input" not in error:
        return False
    sent = error["input"]
    return _SECRETS.isdisjoint(error["loc"]) and not (isinstance(sent, dict) and _SECRETS & sent.keys())


def _short(value: object) -> str:
    try:
        text = repr(value)
    except RecursionError:
        return "a value nested too deeply"
    return text if len(text) <= 60 else text[:57] + "..."
