"""How the service deals with those who call it: pages of other origins, limits, live updates, sessions."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from config.frozen import Frozen

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:.]+\](:\d{1,5})?")
ANY_ORIGIN = "*"


def checked_origin(text: str) -> str:
    """An origin as browsers send it, or ``*``.

    Raises
    ------
    ValueError : it is something else.

    Examples
    --------
    >>> checked_origin("https://shop.example:8443")
    'https://shop.example:8443'
    """
    if text != ANY_ORIGIN and not _ORIGIN.fullmatch(text):
        raise ValueError(
            f"an origin is scheme://host or scheme://host:port in small letters, without path or slash at the end, "
            f"or * for any; got {text[:100]!r}"
        )
    return text


Origin = Annotated[str, AfterValidator(checked_origin)]


class Cors(Frozen):
    """Which other pages may call the API from a browser."""

    origins: tuple[Origin, ...]
    credentials: bool

    @model_validator(mode="after")
    def _names_who_gets_credentials(self) -> "Cors":
        if self.credentials and ANY_ORIGIN in self.origins:
            raise ValueError("credentials only go to origins that are named: take * out of origins, or turn them off")
        return self

    def allows(self, origin: str) -> bool:
        """Whether pages of this origin may call.

        Examples
        --------
        >>> Cors(origins=("https://shop.example",), credentials=True).allows("https://shop.example.evil.example")
        False
        """
        return ANY_ORIGIN in self.origins or origin in self.origins


Path = Annotated[str, Field(pattern="^/")]


class Limits(Frozen):
    """How much is taken on at once, and from one caller."""

    in_flight: int = Field(ge=0, le=100_000)
    wait_ms: float = Field(gt=0, le=60_000)
    timeout_s: float = Field(ge=0, le=3600)
    trusted_proxies: int = Field(ge=0, le=10)
    per_minute: dict[Path, Annotated[int, Field(ge=0)]]


class LiveParams(Frozen):
    """What open pages are told."""

    connections: int = Field(ge=0, le=1_000_000)
    greet_s: float = Field(ge=0.1, le=600)
    ping_s: float = Field(ge=1, le=3600)
    message_bytes: int = Field(ge=200, le=1_000_000)
    feed_ms: float = Field(ge=10, le=60_000)
    trending_s: float = Field(ge=0.1, le=3600)
    trending_n: int = Field(ge=1, le=100)


class SessionParams(Frozen):
    """What is kept of what a session tells."""

    ttl_s: float = Field(ge=1, le=2_592_000)
    most: int = Field(ge=1, le=1000)
    in_memory: int = Field(ge=1, le=10_000_000)
