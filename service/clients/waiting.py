"""The client that waits for each answer; threads may share one."""

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

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


class Vitrine(Routes):
    """A Vitrine, asked over HTTP.

    Every method takes the service's own names, as keywords, and answers with a frozen dataclass. What could not be
    answered is a `VitrineError`.

    Parameters
    ----------
    url : such as ``http://127.0.0.1:8000``. key : an API key. token : an access token got elsewhere; see `sign_in`.
    timeout_s : for each try. patience : when requests are sent again. http : a client to send with, instead of one of
    our own; it is left open.
    """

    def __init__(
        self, url: str, *, key: str | None = None, token: str | None = None, timeout_s: float = TIMEOUT_S,
        patience: Patience | None = None, http: httpx.Client | None = None, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._service = service_at(url, key, token)
        self._patience, self._sleep = patience or Patience(), sleep
        self._http, self._is_ours = http or httpx.Client(timeout=timeout_s), http is None
        self._auth: SignedIn | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._is_ours:
            self._http.close()

    @property
    def tokens(self) -> TokensOut | None:
        """Those of who is signed in; they change with time."""
        return self._auth.tokens if self._auth is not None else None

    def send(self, call: Call[T]) -> T:
        """The answer of a call.

        Raises
        ------
        VitrineError : it was not answered as it should be.
        """
        tried = 0
        while True:
            outcome, tried = self._try(call), tried + 1
            pause = self._patience.pause(call, outcome, tried)
            if pause is None:
                return answer_of(call, outcome)
            self._sleep(pause)

    def _try(self, call: Call[Any]) -> Outcome:
        try:
            return self._http.send(self._http.build_request(**self._service.request(call)), auth=self._auth)
        except httpx.RequestError as error:
            return error

    def pages(self, call: Call[Page]) -> Iterator[Page]:
        """Page after page of a list: ``shop.pages(Vitrine.search(query="mug", sort="price"))``."""
        while True:
            page = self.send(call)
            yield page
            if page.next_cursor is None:
                return
            call = call.after(page.next_cursor)

    def each_product(self, **asked: Unpack[CatalogueAsk]) -> Iterator[ProductOut]:
        """All products of the catalogue that are asked for, page by page."""
        for page in self.pages(catalogue.list_products(**asked)):
            yield from page.items

    def sign_in(self, *, email: str, password: str, session: str | None = None) -> TokensOut:
        """Be this account from now on; tokens are renewed by themselves."""
        self._auth = None
        return self._become(self.send(accounts.sign_in(email=email, password=password, session=session)))

    def refresh(self, refresh_token: str) -> TokensOut:
        """Be the account of a refresh token that was kept; it is good once."""
        self._auth = None
        return self._become(self.send(accounts.refresh(refresh_token)))

    def change_password(self, *, password: str, new_password: str) -> TokensOut:
        """Change the password of who is signed in."""
        return self._become(self.send(accounts.change_password(password=password, new_password=new_password)))

    def sign_out(self) -> None:
        """End the sign-in; without one nothing happens."""
        auth, self._auth = self._auth, None
        if auth is not None:
            self.send(accounts.sign_out(auth.tokens.refresh_token))

    def _become(self, tokens: TokensOut) -> TokensOut:
        self._auth = SignedIn(tokens, self._service.url)
        return tokens
