"""More requests than can be answered are turned away at once, so that the others are answered as quickly as ever."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LEAST_LINE = 16  # however slow answers are: pages ask for several things at once
_LONGEST_LINE = 1000  # before it is known how fast it moves
_MEMORY = 0.1  # share of the newest interval in the mean
_ALWAYS = ("/health", "/metrics")
_BODY = orjson.dumps(
    {
        "type": "about:blank",
        "title": "Unavailable",
        "status": 503,
        "code": "too_busy",
        "detail": "more requests wait already than can be answered in time; try again in a second",
    }
)
_START: Message = {
    "type": "http.response.start",
    "status": 503,
    "headers": [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(_BODY)).encode()),
        (b"retry-after", b"1"),
    ],
}
_END: Message = {"type": "http.response.body", "body": _BODY}


@dataclass(slots=True)
class Traffic:
    """Counts since the start, and how things stand.

    Attributes
    ----------
    admitted, refused : requests. running : being answered. waiting : in the line.
    interval_s : mean time between two that leave the line, seconds.
    """

    admitted: int = 0
    refused: int = 0
    running: int = 0
    waiting: int = 0
    interval_s: float = 0.0


class Overload:
    """Lets `in_flight` requests in at once, the others stand in line, and who would wait too long is refused.

    One request enters per two turns of the event loop: in the first the loop reads what else has come, in the second it
    refuses of that what is to be refused. Answers that never yield would otherwise be waited for, one or even all of
    them, by who is to be refused.

    Parameters
    ----------
    in_flight : >= 1. wait_ms : how long the last in line may have to wait, by how fast the line moves.
    """

    def __init__(self, app: ASGIApp, in_flight: int, wait_ms: float, traffic: Traffic) -> None:
        self._app = app
        self._most = in_flight
        self._wait_s = wait_ms / 1000
        self._line: deque[asyncio.Future[None]] = deque()
        self._is_moving = False
        self._moved_at = 0.0
        self._was_line = False
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"].startswith(_ALWAYS):
            await self._app(scope, receive, send)
            return
        traffic = self.traffic
        if len(self._line) >= _LEAST_LINE and self._is_too_long():
            traffic.refused += 1
            await send(_START)
            await send(_END)
            return
        await self._turn()
        try:
            await self._app(scope, self._outside(receive) if _has_body(scope) else receive, send)
        finally:
            self._leave()

    def _is_too_long(self) -> bool:
        stands_still_s = time.perf_counter() - self._moved_at
        wait_s = max(len(self._line) * self.traffic.interval_s, stands_still_s)
        return wait_s > self._wait_s or len(self._line) >= _LONGEST_LINE

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        if not self._line:
            self._moved_at = time.perf_counter()
        self._line.append(turn)
        self.traffic.waiting += 1
        self._move()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._line.remove(turn)
                self.traffic.waiting -= 1
            else:
                self._leave()
            raise

    def _move(self) -> None:
        """Let the next one in at the next turn of the loop, if there is one and room for it."""
        if self._line and not self._is_moving and self.traffic.running < self._most:
            self._is_moving = True
            asyncio.get_running_loop().call_soon(self._refusals_first)

    def _refusals_first(self) -> None:
        asyncio.get_running_loop().call_soon(self._let_in)

    def _let_in(self) -> None:
        self._is_moving = False
        if not self._line or self.traffic.running >= self._most:
            return
        self._line.popleft().set_result(None)
        traffic = self.traffic
        traffic.waiting -= 1
        traffic.running += 1
        traffic.admitted += 1
        now = time.perf_counter()
        if self._was_line:  # only then it was waited for room, and not for somebody to come
            traffic.interval_s += _MEMORY * (now - self._moved_at - traffic.interval_s)
        self._moved_at = now
        self._was_line = bool(self._line)
        self._move()

    def _leave(self) -> None:
        self.traffic.running -= 1
        self._move()

    def _outside(self, receive: Receive) -> Receive:
        """Who is still sending takes nobody's place: otherwise a few slow senders would keep everybody out."""
        is_whole = False

        async def waiting() -> Message:
            nonlocal is_whole
            if is_whole:
                return await receive()
            self._leave()
            try:
                message = await receive()
            finally:
                self.traffic.running += 1
            is_whole = not message.get("more_body", False)
            return message

        return waiting


def _has_body(scope: Scope) -> bool:
    return any(
        (name == b"content-length" and value != b"0") or name == b"transfer-encoding"
        for name, value in scope["headers"]
    )
