"""Who calls, as routes are handed it; the one place where a tenant comes from."""

from typing import Annotated

from fastapi import Depends, WebSocketException
from fastapi.requests import HTTPConnection
from starlette.status import WS_1008_POLICY_VIOLATION

from service.accounts.caller import Caller
from service.api.scopes import NeedsAccount, needs_of
from service.core.errors import NotAllowed, NotAuthenticated, RecommenderError
from service.core.types import DEFAULT_TENANT

PRINCIPAL = "principal"
"""Where `Access` leaves the caller in an ASGI scope."""


async def _principal(connection: HTTPConnection) -> Caller:
    caller: Caller = connection.scope[PRINCIPAL]
    return caller


Principal = Annotated[Caller, Depends(_principal)]


def may_keep(caller: Caller, how: str) -> str:
    """Who may keep an answer without asking: anybody's cache, unless a key or token said which tenant it is of.

    Examples
    --------
    >>> from service.accounts.caller import OPEN
    >>> may_keep(OPEN, "max-age=60")
    'public, max-age=60'
    """
    return f"{'private' if caller.is_known else 'public'}, {how}"


async def authorise(connection: HTTPConnection) -> None:
    """Before every route: may the caller do this?

    Raises
    ------
    NotAuthenticated : nothing was shown, and something is needed. NotAllowed : it is not for this.
    WebSocketException : the same of a web socket.
    """
    try:
        _authorise(connection)
    except RecommenderError as error:
        if connection.scope["type"] != "websocket":
            raise
        raise WebSocketException(WS_1008_POLICY_VIOLATION, error.code) from error


def _authorise(connection: HTTPConnection) -> None:
    scope = connection.scope
    caller: Caller = scope[PRINCIPAL]
    needs = needs_of(scope.get("method", "WEBSOCKET"), getattr(scope.get("route"), "path_format", ""))
    if needs.account is not NeedsAccount.NO:
        _check_known(caller, needs.account)
    if needs.scope is not None and not caller.may(needs.scope):
        if not caller.is_known:
            raise NotAuthenticated(SHOW_SOMETHING)
        given = ", ".join(sorted(caller.scopes)) or "nothing"
        raise NotAllowed(f"this needs the scope {needs.scope}, and this key or token has {given}", code="missing_scope")
    if needs.whole and caller.tenant != DEFAULT_TENANT:
        raise NotAllowed(
            "this is about the service as a whole, and this key or token is of one of its other tenants; ask who runs "
            "the service",
            code="not_your_service",
        )
    if needs.person is not None:
        caller.person(scope["path_params"].get(needs.person) or connection.query_params.get(needs.person))


def _check_known(caller: Caller, needs: NeedsAccount) -> None:
    if needs is NeedsAccount.PERSON and caller.account is None:
        raise NotAuthenticated(
            "this is about your own account: sign in at /v1/auth/sign-in and send the access token", code="no_account"
        )
    if not caller.is_known:
        raise NotAuthenticated(SHOW_SOMETHING)


SHOW_SOMETHING = (
    "no key or token was shown: send `Authorization: Bearer …` with an API key (`vitrine keys create`) or with the "
    "access token of /v1/auth/sign-in"
)
