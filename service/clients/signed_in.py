"""Tokens of a sign-in, shown with every request and renewed before they run out."""

import time
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass
from threading import Lock

import anyio
import httpx
import orjson

from service.clients.accounts import refresh
from service.clients.answers.people import TokensOut
from service.clients.decode import decode

EARLY_S = 30.0
"""A token that ends so soon is renewed first: clocks differ, and requests take a moment."""

_RENEWED = ("token_expired", "invalid_token")


@dataclass(frozen=True, slots=True)
class _Held:
    tokens: TokensOut
    ends_at: float
    is_over: bool = False


class SignedIn(httpx.Auth):
    """Shows an access token, and gets the next one shortly before it ends, or when it is not taken any more.

    A refresh token is good once and shown twice ends the sign-in, so one request at a time renews; the others wait.

    Parameters
    ----------
    url : of the service. clock : seconds, never going back.
    """

    def __init__(self, tokens: TokensOut, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url, self._clock = url.rstrip("/"), clock
        self._held = self._hold(tokens)
        self._lock, self._async_lock = Lock(), anyio.Lock()

    @property
    def tokens(self) -> TokensOut:
        """Those of now; keep `refresh_token` to go on later."""
        return self._held.tokens

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """See `httpx.Auth`."""
        if self._is_due():
            with self._lock:
                if self._is_due():
                    answer = yield self._renewal()
                    answer.read()
                    self._take(answer)
        shown = self._show(request)
        answer = yield request
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            return
        answer.read()
        if not self._is_stale(answer, shown):
            return
        with self._lock:
            if self._is_current(shown):
                answer = yield self._renewal()
                answer.read()
                self._take(answer)
        if not self._is_current(shown):
            self._show(request)
            yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """See `httpx.Auth`."""
        if self._is_due():
            async with self._async_lock:
                if self._is_due():
                    answer = yield self._renewal()
                    await answer.aread()
                    self._take(answer)
        shown = self._show(request)
        answer = yield request
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            return
        await answer.aread()
        if not self._is_stale(answer, shown):
            return
        async with self._async_lock:
            if self._is_current(shown):
                answer = yield self._renewal()
                await answer.aread()
                self._take(answer)
        if not self._is_current(shown):
            self._show(request)
            yield request

    def _hold(self, tokens: TokensOut) -> _Held:
        return _Held(tokens, self._clock() + tokens.expires_in)

    def _is_due(self) -> bool:
        early = min(EARLY_S, self.tokens.expires_in / 4)
        return not self._held.is_over and self._clock() > self._held.ends_at - early

    def _show(self, request: httpx.Request) -> str:
        token = self.tokens.access_token
        request.headers["Authorization"] = f"Bearer {token}"
        return token

    def _is_stale(self, answer: httpx.Response, shown: str) -> bool:
        """Whether it was the token that was turned away, and there may be a better one."""
        try:
            code = orjson.loads(answer.content).get("code")
        except (ValueError, AttributeError):
            return False
        return code in _RENEWED and not (self._held.is_over and self._is_current(shown))

    def _is_current(self, shown: str) -> bool:
        return self.tokens.access_token == shown

    def _renewal(self) -> httpx.Request:
        call = refresh(self.tokens.refresh_token)
        headers = {"Content-Type": "application/json"}
        return httpx.Request(call.method, self._url + call.target, content=call.content, headers=headers)

    def _take(self, answer: httpx.Response) -> None:
        """The next tokens; a sign-in that is over stays over, and the request itself is told so."""
        if answer.is_success:
            self._held = self._hold(decode(TokensOut, orjson.loads(answer.content)))
        elif answer.status_code == httpx.codes.UNAUTHORIZED:
            self._held = _Held(self.tokens, self._held.ends_at, is_over=True)
