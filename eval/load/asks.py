"""Requests as they go over the wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eval.load.shoppers import Draw
from service.client import Call
from service.clients.answers.lists import SlateOut
from service.clients.answers.people import EventsOut
from service.clients.asks.people import Event
from service.clients.lists import home, search, similar
from service.clients.people import events


@dataclass(frozen=True, slots=True)
class Ask:
    """One request."""

    surface: str
    path: str
    body: bytes = b""

    @property
    def method(self) -> str:
        """GET, or POST where there is something to send."""
        return "POST" if self.body else "GET"

    def message(self, host: str) -> bytes:
        """The whole HTTP message.

        Examples
        --------
        >>> Ask("home", "/v1/home?n=5").message("localhost:8000")
        b'GET /v1/home?n=5 HTTP/1.1\\r\\nHost: localhost:8000\\r\\n\\r\\n'
        """
        about = f"Content-Type: application/json\r\nContent-Length: {len(self.body)}\r\n" if self.body else ""
        return f"{self.method} {self.path} HTTP/1.1\r\nHost: {host}\r\n{about}\r\n".encode("ascii") + self.body


def some_asks(draw: Draw, shares: Mapping[str, float], count: int, *, n: int, batch: int) -> list[Ask]:
    """Random requests, as the client makes them.

    Parameters
    ----------
    n : slots of each slate. batch : events per request of the surface events.
    """
    return [_ask(surface, some_call(draw, surface, n=n, batch=batch)) for surface in draw.surface(shares, count)]


def some_call(draw: Draw, surface: str, *, n: int, batch: int) -> Call[SlateOut | EventsOut]:
    """One random request of a surface, see `some_asks`."""
    if surface == "home":
        return home(user=draw.user(), n=n)
    if surface == "similar":
        return similar(draw.product(), n=n)
    if surface == "search":
        return search(query=draw.words(), n=n)
    return events([_event(draw, draw.user()) for _ in range(batch)])


def _ask(surface: str, call: Call[Any]) -> Ask:
    return Ask(surface, call.target, call.content)


def _event(draw: Draw, user: str | None) -> Event:
    return {"type": draw.type(), "product": draw.product(), "user": user, "session": None if user else "vitrine-load"}
