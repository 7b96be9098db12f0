"""What came back, as the answer of a call or as the one error."""

from typing import Any, TypeVar, cast

import httpx
import orjson

from service.clients.call import Call
from service.clients.decode import decode
from service.clients.errors import VitrineError, field_errors
from service.clients.patience import Outcome, retry_after

T = TypeVar("T")

_SHOWN = 200


def answer_of(call: Call[T], outcome: Outcome) -> T:
    """The answer.

    Raises
    ------
    VitrineError : there is none, it is an error, or it is not what this service answers.

    Examples
    --------
    >>> answer_of(Call("GET", "/health/live", dict), httpx.Response(200, json={"status": "ok"}))
    {'status': 'ok'}
    >>> answer_of(Call("GET", "/v1/home", dict), httpx.Response(200, text="<html>Welcome"))
    Traceback (most recent call last):
    ...
    service.clients.errors.VitrineError: GET /v1/home: 200 unexpected_answer: not what a Vitrine answers (<html>Welcome)
    """
    if isinstance(outcome, httpx.RequestError):
        raise _unanswered(call, outcome) from outcome
    if not outcome.is_success:
        raise _refused(call, outcome)
    kind: Any = call.answer
    if kind is type(None):
        return cast(T, None)
    if kind in (bytes, str):
        return cast(T, outcome.content if kind is bytes else outcome.text)
    try:
        return decode(call.answer, orjson.loads(outcome.content))
    except ValueError as error:
        why = "" if isinstance(error, orjson.JSONDecodeError) else f": {error}"
        raise _error(
            call, outcome, "unexpected_answer", f"not what a Vitrine answers{why} ({_beginning(outcome)})"
        ) from error


def _unanswered(call: Call[Any], error: httpx.RequestError) -> VitrineError:
    code, says = "connection_broken", "the connection broke before the answer was complete"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol):
        code, says = "not_connected", "nobody answers at this address: is the service running, and the address right?"
    elif isinstance(error, httpx.TimeoutException):
        code, says = "timed_out", "the answer took too long; it may have been carried out all the same"
    return VitrineError(_name(call), None, code, f"{says} ({error or type(error).__name__})")


def _refused(call: Call[Any], response: httpx.Response) -> VitrineError:
    try:
        told = orjson.loads(response.content)
    except ValueError:
        told = None
    if not isinstance(told, dict) or "detail" not in told:
        return _error(call, response, "http_error", f"{response.reason_phrase} ({_beginning(response)})")
    return _error(call, response, str(told.get("code", "http_error")), str(told["detail"]), told)


def _error(
    call: Call[Any], response: httpx.Response, code: str, detail: str, told: dict[str, Any] | None = None
) -> VitrineError:
    told = told or {}
    return VitrineError(
        _name(call), response.status_code, code, detail, type=str(told.get("type", "about:blank")),
        title=str(told.get("title", response.reason_phrase)), errors=field_errors(told.get("errors")),
        request_id=told.get("request_id") or response.headers.get("X-Request-Id"), retry_after=retry_after(response),
    )  # fmt: skip


def _name(call: Call[Any]) -> str:
    return f"{call.method} {call.path}"


def _beginning(response: httpx.Response) -> str:
    text = " ".join(response.text[:_SHOWN].split())
    return text or "an empty answer"
