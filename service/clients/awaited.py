"""The client whose answers are awaited; tasks may share one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import anyio
import httpx

from service.clients import accounts, catalogue
from service.clients.answers.catalogue import ProductOut
from service.clients.answers.people import TokensOut
from service.clients.asks.catalogue import CatalogueAsk
from service.clients.call import Call
from service.clients.opened import TIMEOUT_S, service_at
from service.clients.pages import AnyPage
from service.clients.patience import Outcome, Patience
from service.clients.reading import answer_of
from service.clients.routes import Routes
from service.clients.signed_in import SignedIn

T = TypeVar("T")
Page = TypeVar("Page", bound=AnyPage)


class AsyncVitrine(Routes):
    """A Vitrine, asked over HTTP; see `Vitrine`, whose methods these are, awaited."""

    def __init__(
        self, url: str, *, key: str | None = None, token: str | None = None, timeout_s: float = TIMEOUT_S,
        patience: Patience | None = None, http: httpx.AsyncClient | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:  # fmt: skip
        self._service = service_at(url, key, token)
        self._patience, self._sleep = patience or Patience(), sleep
        self._http, self._is_ours = http or httpx.AsyncClient(timeout=timeout_s), http is None
        self._auth: SignedIn | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._is_ours:
            await self._http.aclose()

    @property
    def tokens(self) -> TokensOut | None:
        """Those of who is signed in; they change with time."""
        return self._auth.tokens if self._auth is not None else None

    async def send(self, call: Call[T]) -> T:
        """The answer of a call.

        Raises
        ------
        VitrineError : it was not answered as it should be.
        """
        tried = 0
        while True:
            outcome, tried = await self._try(call), tried + 1
            pause = self._patience.pause(call, outcome, tried)
            if pause is None:
                return answer_of(call, outcome)
            await self._sleep(pause)

    async def _try(self, call: Call[Any]) -> Outcome:
        try:
            return await self._http.send(self._http.build_request(**self._service.request(call)), auth=self._auth)
        except httpx.RequestError as error:
            return error

    async def pages(self, call: Call[Page]) -> AsyncIterator[Page]:
        """Page after page of a list: ``shop.pages(Vitrine.search(query="mug", sort="price"))``."""
        while True:
            page = await self.send(call)
            yield page
            if page.next_cursor is None:
                return
            call = call.after(page.next_cursor)

    async def each_product(self, **asked: Unpack[CatalogueAsk]) -> AsyncIterator[ProductOut]:
        """All products of the catalogue that are asked for, page by page."""
        async for page in self.pages(catalogue.list_products(**asked)):
            for product in page.items:
                yield product

    async def sign_in(self, *, email: str, password: str, session: str | None = None) -> TokensOut:
        """Be this account from now on; tokens are renewed by themselves."""
        self._auth = None
        return self._become(await self.send(accounts.sign_in(email=email, password=password, session=session)))

    async def refresh(self, refresh_token: str) -> TokensOut:
        """Be the account of a refresh token that was kept; it is good once."""
        self._auth = None
        return self._become(await self.send(accounts.refresh(refresh_token)))

    async def change_password(self, *, password: str, new_password: str) -> TokensOut:
        """Change the password of who is signed in."""
        return self._become(await self.send(accounts.change_password(password=password, new_password=new_password)))

    async def sign_out(self) -> None:
        """End the sign-in; without one nothing happens."""
        auth, self._auth = self._auth, None
        if auth is not None:
            await self.send(accounts.sign_out(auth.tokens.refresh_token))

    def _become(self, tokens: TokensOut) -> TokensOut:
        self._auth = SignedIn(tokens, self._service.url)
        return tokens
