"""Before anything is read of a request: who sends it?"""

from collections.abc import Callable
from functools import partial

import structlog
from anyio import to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

from config.serving import Cors
from service.accounts.caller import NOBODY, OPEN, Caller
from service.accounts.opaque import API_KEY
from service.accounts.proof import Proofs
from service.api.principal import PRINCIPAL, SHOW_SOMETHING
from service.api.problems import problem
from service.api.scopes import PUBLIC_WRITES
from service.core.errors import NotAllowed, NotAuthenticated, RecommenderError

log = structlog.get_logger()

_HEADERS = (b"authorization", b"x-api-key")
_BODILESS = ("GET", "HEAD", "OPTIONS")
_FORM = "the header must be `Authorization: Bearer …` or `X-API-Key: …`"
_PROTOCOL = "bearer."
_POLICY_VIOLATION = 1008


class Access:
    """Finds out who calls, and leaves it in the scope for `Principal`; what is shown is checked, wherever it is shown.

    Parameters
    ----------
    is_open : nothing has to be shown; what is shown still restricts to what it may. blocks : checking waits for a
        database somewhere else, so that it is done in a thread.
    """

    def __init__(self, app: ASGIApp, proofs: Proofs, *, is_open: bool, blocks: bool) -> None:
        self._app = app
        self._proofs = proofs
        self._unknown = OPEN if is_open else NOBODY
        self._blocks = blocks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            scope[PRINCIPAL] = caller = await self._caller(scope)
            if not caller.is_known:
                _check_origin(scope)
        except RecommenderError as error:
            await _refuse(error, scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Caller:
        credential = shown(scope)
        is_public = scope["path"] in PUBLIC_WRITES
        # who signs in may still send the token that has just expired; a key says which shop they sign in to
        if credential is None or (is_public and not credential.startswith(API_KEY)):
            if self._unknown is NOBODY and not is_public and scope.get("method", "GET") not in _BODILESS:
                raise NotAuthenticated(SHOW_SOMETHING)
            return self._unknown
        caller = self._proofs.known(credential)
        if caller is not None:
            return caller
        check: Callable[[], Caller] = partial(self._proofs.check, credential)
        return await to_thread.run_sync(check) if self._blocks else check()


def _check_origin(scope: Scope) -> None:
    """Let no page of another place have a visitor's browser send something that changes anything.

    Browsers send simple bodies without asking first; they say truly where from. Who shows a key or token is not asked:
    no browser sends these by itself.

    Raises
    ------
    NotAllowed : it is such a page, and not of an origin that may call.
    """
    if scope.get("method", "GET") in _BODILESS:
        return
    told = {name: value for name, value in scope["headers"] if name in (b"sec-fetch-site", b"origin")}
    if told.get(b"sec-fetch-site") != b"cross-site":
        return
    cors: Cors = scope["app"].state.cors
    if not cors.allows(told.get(b"origin", b"null").decode("latin-1")):
        raise NotAllowed("pages of this origin may send nothing here; see [cors]", code="foreign_origin")


def shown(scope: Scope) -> str | None:
    """The key or token of a request.

    Raises
    ------
    NotAuthenticated : several, or none that can be read.
    """
    found = [(name, value) for name, value in scope["headers"] if name in _HEADERS]
    if scope["type"] == "websocket":
        found += [(b"x-api-key", text.encode()) for text in _offered(scope)]
    if not found:
        return None
    if len(found) > 1:
        raise NotAuthenticated(
            "several keys or tokens were sent with one request; send one", code="invalid_credentials"
        )
    name, value = found[0]
    text: str = value.decode("latin-1").strip()
    if name == b"authorization":
        kind, _, text = text.partition(" ")
        text = text.strip() if kind.lower() == "bearer" else ""
    if not text or not text.isascii() or not text.isprintable():
        raise NotAuthenticated(
            "the header must be `Authorization: Bearer …` or `X-API-Key: …`", code="invalid_credentials"
        )
    return text


def _offered(scope: Scope) -> list[str]:
    """Browsers cannot send headers along with a web socket: they offer `bearer.<key or token>` as a subprotocol."""
    offered: list[str] = scope.get("subprotocols") or []
    return [one.removeprefix(_PROTOCOL) for one in offered if one.startswith(_PROTOCOL)]


async def _refuse(error: RecommenderError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": error.code})
        return
    if error.status >= 500:
        log.error("request_failed", code=error.code, error=error.message)
    await problem(error.status, error.code, error.message, scope.get("request_id"))(scope, receive, send)
