"""Single requests to a service, for what has to be known before it is loaded."""

from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

import orjson

from eval.load.asks import Ask
from eval.load.shoppers import Shoppers
from service.core.errors import ConfigurationError, DependencyUnavailable, NotFound

_MOST_PRODUCTS = 5_000
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service answers; `prefix` is the path its own begin after."""

    host: str
    port: int
    prefix: str = ""

    @classmethod
    def of(cls, url: str) -> "Address":
        """Read a URL.

        Raises
        ------
        ConfigurationError : it is not one of plain http.

        Examples
        --------
        >>> Address.of("http://127.0.0.1:8000/")
        Address(host='127.0.0.1', port=8000, prefix='')
        """
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ConfigurationError(
                f"--url takes a plain http address such as http://127.0.0.1:8000, got {url!r}; "
                "where TLS is ended by a proxy, load the service behind it"
            )
        return cls(parts.hostname, parts.port or 80, parts.path.rstrip("/"))

    @property
    def name(self) -> str:
        """As the Host header has it."""
        return f"{self.host}:{self.port}"


def answer_to(address: Address, ask: Ask) -> Any:
    """What a service answers to one request, parsed.

    Raises
    ------
    DependencyUnavailable : it does not answer, or with an error.
    """
    try:
        with closing(HTTPConnection(address.host, address.port, timeout=30)) as connection:
            headers = {"Content-Type": "application/json"} if ask.body else {}
            connection.request(ask.method, address.prefix + ask.path, ask.body or None, headers)
            answer = connection.getresponse()
            text = answer.read()
    except (OSError, HTTPException) as error:
        raise DependencyUnavailable(
            f"{address.name} does not answer ({error}); start `vitrine serve` or check --url"
        ) from error
    if answer.status != 200:
        raise DependencyUnavailable(
            f"{ask.method} {ask.path} answers {answer.status}: {text[:300].decode('utf-8', 'replace')}"
        )
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise DependencyUnavailable(f"{address.name}{ask.path} does not answer with JSON; is it a Vitrine?") from error


def get_json(address: Address, path: str) -> Any:
    """`answer_to` a GET."""
    return answer_to(address, Ask("", path))


def remote_shoppers(address: Address) -> Shoppers:
    """What a service says of its shop: its most popular products; users and searches it keeps to itself.

    Raises
    ------
    NotFound : it has no products. DependencyUnavailable : it does not answer.
    """
    items: list[dict[str, Any]] = []
    cursor = ""
    while len(items) < _MOST_PRODUCTS:
        page = get_json(address, f"/v1/products?sort=popularity&limit={_PAGE}{cursor}")
        items += [item for item in page["items"] if item.get("visible", True)]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    if not items:
        raise NotFound(f"the shop at {address.name} has no products: load some first", code="no_products")
    return Shoppers([item["id"] for item in items], [item["name"] for item in items])
