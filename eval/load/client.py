"""Single requests to a service, for what has to be known before it is loaded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from eval.load.shoppers import Shoppers
from service.client import Patience, Vitrine, VitrineError
from service.core.errors import ConfigurationError, DependencyUnavailable, NotFound

_MOST_PRODUCTS = 5_000
_PAGE = 1_000
_TIMEOUT_S = 30.0


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

    @property
    def url(self) -> str:
        """As clients take it."""
        return f"http://{self.name}{self.prefix}"


@contextmanager
def asking(address: Address) -> Iterator[Vitrine]:
    """A client of a service; what it is not answered says what to do.

    Raises
    ------
    DependencyUnavailable : the service does not answer, or with an error.
    """
    try:
        with Vitrine(address.url, timeout_s=_TIMEOUT_S, patience=Patience(tries=1)) as client:
            yield client
    except VitrineError as error:
        if error.status is None:
            says = f"{address.name} does not answer ({error.detail}); start `vitrine serve` or check --url"
        elif error.code == "unexpected_answer":
            says = f"{address.name} does not answer as a Vitrine does; is it one? ({error})"
        else:
            says = str(error)
        raise DependencyUnavailable(says) from error


def remote_shoppers(address: Address) -> Shoppers:
    """What a service says of its shop: its most popular products; users and searches it keeps to itself.

    Raises
    ------
    NotFound : it has no products. DependencyUnavailable : it does not answer.
    """
    with asking(address) as client:
        popular = client.each_product(sort="popularity", limit=_PAGE)
        products = [(one.id, one.name) for one in islice(popular, _MOST_PRODUCTS) if one.visible]
    if not products:
        raise NotFound(f"the shop at {address.name} has no products: load some first", code="no_products")
    return Shoppers([id for id, _ in products], [name for _, name in products])
