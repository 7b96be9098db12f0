"""How the service deals with those who call it: sessions."""

from pydantic import Field

from config.frozen import Frozen


class SessionParams(Frozen):
    """What is kept of what a session tells."""

    ttl_s: float = Field(ge=1, le=2_592_000)
    most: int = Field(ge=1, le=1000)
    in_memory: int = Field(ge=1, le=10_000_000)
