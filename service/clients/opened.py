"""What both clients are given: where the service is, and what is shown to it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from service.clients.call import Call

HEADERS = {"Accept": "application/json, */*;q=0.5", "User-Agent": "vitrine-client"}
TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Service:
    """Where a service is; `proof` are the headers that say who calls."""

    url: str
    proof: tuple[tuple[str, str], ...] = ()

    def request(self, call: Call[Any]) -> dict[str, Any]:
        """The arguments of `httpx.Client.build_request`."""
        content = call.content
        kind = {"Content-Type": "application/json"} if content else {}
        headers = {**HEADERS, **dict(self.proof), **kind, **call.headers}
        return {"method": call.method, "url": self.url + call.target, "content": content or None, "headers": headers}


def service_at(url: str, key: str | None, token: str | None) -> Service:
    """A service, and what is shown to it.

    Raises
    ------
    ValueError : this is no address of a service, or a key and a token are given.

    Examples
    --------
    >>> service_at("http://127.0.0.1:8000/", None, None).url
    'http://127.0.0.1:8000'
    >>> service_at("localhost:8000", None, None)
    Traceback (most recent call last):
    ...
    ValueError: 'localhost:8000' is no address of a service; write it as http://127.0.0.1:8000
    """
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query
        is_address = is_address and " " not in url and bool(httpx.URL(url).host)
    except (ValueError, httpx.InvalidURL):
        is_address = False
    if not is_address:
        raise ValueError(f"{url!r} is no address of a service; write it as http://127.0.0.1:8000")
    if key is not None and token is not None:
        raise ValueError("a key and a token are given; one of them says who calls")
    proof = (("X-API-Key", key),) if key is not None else ()
    return Service(url.rstrip("/"), proof if token is None else (("Authorization", f"Bearer {token}"),))
