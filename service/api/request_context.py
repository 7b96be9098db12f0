"""What surrounds every request: its id, its notes, one log line without anything personal, its figures."""

import re
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.observed import Answered, observing

log = structlog.get_logger()

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_QUIET = ("/health", "/metrics")
_KEPT_BY_NOBODY = (b"cache-control", b"private, no-store")


class RequestContext:
    """Gives every request an id (the caller's ``X-Request-Id`` if it is well formed), returned and logged.

    The one place, too, where an answer that does not say who may keep it is kept by nobody: nearly all of them depend
    on who asks. Pictures, files of pages, and lists that are the same for everybody say so themselves.

    Parameters
    ----------
    observers : told of every request that was answered; quick, and they do not raise.
    """

    def __init__(self, app: ASGIApp, observers: Sequence[Callable[[Answered], None]] = ()) -> None:
        self._app = app
        self._observers = observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        start = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                sent = message["headers"]
                is_told = any(name.lower() == b"cache-control" for name, _ in sent)
                message["headers"] = [
                    *sent, *(() if is_told else (_KEPT_BY_NOBODY,)), (b"x-request-id", request_id.encode()),
                ]  # fmt: skip
            await send(message)

        with observing() as notes:
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                seconds = time.perf_counter() - start
                caller = headers.get(b"traceparent", b"").decode("latin-1")
                answered = Answered(
                    _method(scope), _route(scope), status, start, seconds, notes, request_id, caller
                )  # fmt: skip
                for observe in self._observers:
                    observe(answered)
                _say(answered)


def _say(answered: Answered) -> None:
    notes = answered.notes
    told: dict[str, Any] = {
        "surface": notes.surface, "degraded": notes.degraded or None, "fallback": notes.fallback, "cache": notes.cache,
        "worded": notes.worded,
    }  # fmt: skip
    say = log.debug if answered.route.startswith(_QUIET) and answered.status < 400 else log.info
    say(
        "request", method=answered.method, route=answered.route, status=answered.status,
        took_ms=round(answered.seconds * 1000, 1), **{name: value for name, value in told.items() if value is not None},
    )  # fmt: skip


def _method(scope: Scope) -> str:
    return str(scope["method"]) if scope["method"] in _METHODS else "OTHER"


def _route(scope: Scope) -> str:
    """The template of the route that took it: a path may hold the id of a user."""
    path = getattr(scope.get("route"), "path", None)
    if path is not None:
        return str(path)
    return f"{scope['root_path']}/*" if scope.get("root_path") else "no_such_route"
