"""Who has no answer in time is told so; an answer that has begun may take as long as it likes."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import problem
from service.store.patience import patience


class TimeLimit:
    """Gives up on a request that has not begun to be answered after `timeout_s`, its own body included.

    What a thread does for it goes on to its end: an event may be recorded all the same, and its `event_id` keeps it
    from counting twice when it is sent again.
    """

    def __init__(self, app: ASGIApp, timeout_s: float) -> None:
        self._app = app
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_begun = False
        limit = asyncio.timeout(self._timeout_s)

        async def send_in_time(message: Message) -> None:
            nonlocal has_begun
            if not has_begun:
                has_begun = True
                limit.reschedule(None)
            await send(message)

        try:
            with patience(self._timeout_s):
                async with limit:
                    await self._app(scope, receive, send_in_time)
        except TimeoutError:
            if not limit.expired():
                raise
            detail = f"there was no answer within {self._timeout_s:g} s; try again, and send less at a time"
            await problem(503, "timed_out", detail, scope.get("request_id"))(scope, receive, send)
