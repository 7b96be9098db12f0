"""Requests as they go over the wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import orjson

from eval.load.shoppers import Draw


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
    """Random requests.

    Parameters
    ----------
    n : slots of each slate. batch : events per request of the surface events.
    """
    make = {
        "home": lambda: Ask("home", _path("/v1/home", user=draw.user(), n=n)),
        "similar": lambda: Ask("similar", _path(f"/v1/similar/{quote(draw.product(), safe='')}", n=n)),
        "search": lambda: Ask("search", _path("/v1/search", q=draw.words(), n=n)),
        "events": lambda: Ask("events", "/v1/events", orjson.dumps({"events": _events(draw, batch)})),
    }
    return [make[surface]() for surface in draw.surface(shares, count)]


def _path(path: str, **parameters: object) -> str:
    return f"{path}?{urlencode({name: value for name, value in parameters.items() if value is not None})}"


def _events(draw: Draw, batch: int) -> list[dict[str, str]]:
    return [_event(draw, draw.user()) for _ in range(batch)]


def _event(draw: Draw, user: str | None) -> dict[str, str]:
    who = {"user": user} if user else {"session": "vitrine-load"}
    return {"type": draw.type(), "product": draw.product(), **who}
