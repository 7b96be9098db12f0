"""So many requests a minute from one key or address, by the part of the API they go to."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.accounts.caller import Caller
from service.api.address import address_of
from service.api.bounded_counts import BoundedCounts
from service.api.principal import PRINCIPAL
from service.api.problems import problem

_NEVER = ("/health", "/metrics")
_CALLERS = 100_000  # counted at once, about 30 MB when full


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is let through; if not, after how many seconds it would be."""

    is_free: bool
    retry_after_s: int = 0


class Counting(Protocol):
    """What counts requests."""

    async def hit(self, item: RateLimitItem, group: str, who: str) -> Verdict:
        """Count a request."""

    async def test(self, item: RateLimitItem, group: str, who: str) -> Verdict:
        """The same without counting it."""


class Counts:
    """The limiter of one process."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(BoundedCounts(_CALLERS))

    async def hit(self, item: RateLimitItem, group: str, who: str) -> Verdict:
        """Count a request."""
        return FREE if self._limiter.hit(item, group, who) else self._wait(item, group, who)

    async def test(self, item: RateLimitItem, group: str, who: str) -> Verdict:
        """The same without counting it."""
        return FREE if self._limiter.test(item, group, who) else self._wait(item, group, who)

    def _wait(self, item: RateLimitItem, group: str, who: str) -> Verdict:
        return until(self._limiter.get_window_stats(item, group, who).reset_time)


FREE = Verdict(True)


def until(reset_time: float) -> Verdict:
    """Refused until then, seconds since 1970."""
    return Verdict(False, max(1, math.ceil(reset_time - time.time())))


class RateLimit:
    """Counts by the longest of the configured beginnings that a path has.

    Who shows a key or token is counted by that, and by his address only as often as it was not a valid one: whoever
    guesses keys is stopped, and a shop's servers may have many keys behind one address.

    Parameters
    ----------
    per_minute : beginning of a path -> requests a minute; 0 = no limit.
    """

    def __init__(self, app: ASGIApp, per_minute: Mapping[str, int], trusted_proxies: int, counts: Counting) -> None:
        self._app = app
        self._groups = sorted(per_minute.items(), key=lambda pair: -len(pair[0]))
        self._items = {most: RateLimitItemPerMinute(most) for most in per_minute.values() if most}
        self._trusted_proxies = trusted_proxies
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        group, item = self._group(scope) if scope["type"] == "http" else ("", None)
        if item is None:
            await self._app(scope, receive, send)
            return
        address, shown = f"address {address_of(scope, self._trusted_proxies)}", _shown(scope)
        verdict = await (self._counts.test if shown else self._counts.hit)(item, group, address)
        if verdict.is_free and shown:
            verdict = await self._counts.hit(item, group, shown)
        if not verdict.is_free:
            await self._refuse(scope, receive, send, item, verdict)
        elif shown:
            await self._app(scope, receive, self._counting(scope, send, item, group, address))
        else:
            await self._app(scope, receive, send)

    def _group(self, scope: Scope) -> tuple[str, RateLimitItem | None]:
        path = scope["path"]
        if path.startswith(_NEVER):
            return "", None
        for start, most in self._groups:
            if path.startswith(start):
                return start, self._items.get(most)
        return "", None

    def _counting(self, scope: Scope, send: Send, item: RateLimitItem, group: str, address: str) -> Send:
        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start" and not _is_proved(scope):
                await self._counts.hit(item, group, address)
            await send(message)

        return counting

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, item: RateLimitItem, verdict: Verdict) -> None:
        detail = (
            f"more than {item.amount} requests in a minute; the next one is answered in {verdict.retry_after_s} s. "
            "[limits] says how many are allowed"
        )
        answer = problem(429, "too_many_requests", detail, scope.get("request_id"))
        answer.headers["Retry-After"] = str(verdict.retry_after_s)
        await answer(scope, receive, send)


def _is_proved(scope: Scope) -> bool:
    """Whether what was shown was looked at and is valid; where nobody looks at it, anything may be written there."""
    caller: Caller | None = scope.get(PRINCIPAL)
    return caller is not None and caller.is_known


def _shown(scope: Scope) -> str | None:
    """The key or token a request shows, not readable any more."""
    for name, value in scope["headers"]:
        if name in (b"authorization", b"x-api-key"):
            return f"key {blake2b(value, digest_size=16).hexdigest()}"
    return None
