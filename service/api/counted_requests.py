"""Counts requests by tenant for the dashboard."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.principal import PRINCIPAL

_NOT_COUNTED = ("/health", "/metrics")


class CountedRequests:
    """Tells of every request whose it was, once it is answered; less than a microsecond.

    Parameters
    ----------
    count : told the tenant.
    """

    def __init__(self, app: ASGIApp, count: Callable[[str], None]) -> None:
        self._app = app
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._app(scope, receive, send)
        if scope["type"] == "http" and PRINCIPAL in scope and not scope["path"].startswith(_NOT_COUNTED):
            self._count(scope[PRINCIPAL].tenant)
