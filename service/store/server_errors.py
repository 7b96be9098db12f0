"""What goes wrong between us and a Qdrant server, as our errors."""

from collections.abc import Callable
from json import JSONDecodeError
from typing import TypeVar

import grpc  # type: ignore[import-untyped]
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from service.core.errors import (
    ConfigurationError,
    Conflict,
    DependencyUnavailable,
    InvalidQuery,
    NotFound,
    RecommenderError,
)
from service.core.masking import without_password
from service.store.breaker import NoAnswer

T = TypeVar("T")

_STATUS_OF_CODE = {
    grpc.StatusCode.UNAUTHENTICATED: 401,
    grpc.StatusCode.PERMISSION_DENIED: 403,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.FAILED_PRECONDITION: 400,
}


def guarded(url: str, call: Callable[[], T]) -> T:
    """Run one call to the server; its errors become ours."""
    url = without_password(url)
    try:
        return call()
    except UnexpectedResponse as error:
        raise _by_status(url, error.status_code or 500, _words(error)) from error
    except (ResponseHandlingException, JSONDecodeError) as error:
        if isinstance(getattr(error, "source", error), ValueError):
            raise _not_qdrant(url, error) from error
        raise _no_answer(url, str(error) or type(error).__name__) from error
    except ResourceExhaustedResponse as error:
        raise DependencyUnavailable(f"Qdrant at {url} is busy: try again in {error.retry_after_s} s") from error
    except grpc.RpcError as error:
        raise _by_grpc(url, error) from error
    # the client checks some arguments itself; so does its in-memory mode, which tests use
    except (ValueError, KeyError) as error:
        raise (NotFound if "not found" in str(error) else InvalidQuery)(f"Qdrant refuses this: {error}") from error


def _by_grpc(url: str, error: grpc.RpcError) -> RecommenderError:
    code = error.code() if isinstance(error, grpc.Call) else grpc.StatusCode.UNKNOWN
    words = (error.details() if isinstance(error, grpc.Call) else str(error)) or code.name
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return _no_answer(url, words)
    return _by_status(url, _STATUS_OF_CODE.get(code, 500), words)


def _by_status(url: str, status: int, words: str) -> RecommenderError:
    if status in (401, 403):
        return ConfigurationError(f"Qdrant at {url} refuses the key ({status}); set QDRANT_API_KEY to its API key")
    if status == 404:
        return NotFound(f"Qdrant at {url}: {words}")
    if status == 409:
        return Conflict(f"Qdrant at {url}: {words}")
    if status in (400, 422):
        return InvalidQuery(f"Qdrant at {url} refuses this: {words}")
    return DependencyUnavailable(f"Qdrant at {url} failed ({status}: {words}); see its log")


def _no_answer(url: str, reason: str) -> NoAnswer:
    return NoAnswer(
        f"Qdrant at {url} does not answer ({reason}); start it or unset QDRANT_URL to use the embedded engine"
    )


def _not_qdrant(url: str, error: Exception) -> DependencyUnavailable:
    reason = str(error).splitlines()[0]
    return DependencyUnavailable(f"what answers at {url} does not speak as Qdrant does ({reason}); correct QDRANT_URL")


def _words(error: UnexpectedResponse) -> str:
    """The server's own sentence if it sent one, else the beginning of what it sent."""
    try:
        return str(error.structured()["status"]["error"])
    except (ValueError, KeyError, TypeError):
        return error.content[:200].decode("utf-8", "replace") or error.reason_phrase
