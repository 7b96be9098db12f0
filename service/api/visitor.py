"""Who asks, from the query string: a user, a session, and the variants a tester wants to see."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query

from service.api.principal import Principal
from service.api.values import PersonId
from service.core.errors import InvalidQuery


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks; experiments stick to the user, or else to the session."""

    user: str | None
    session: str | None
    variants: dict[str, str]

    def as_request(self) -> dict[str, Any]:
        """Its part of a `Request`."""
        return {"user": self.user, "session": self.session, "variants": self.variants}


async def _visitor(
    caller: Principal,
    user: Annotated[PersonId | None, Query(description="your own id of the user")] = None,
    session: Annotated[PersonId | None, Query(description="what an anonymous visitor is known by")] = None,
    variant: Annotated[
        list[str] | None, Query(max_length=20, description="for testers: experiment:variant; such answers do not count")
    ] = None,
) -> Visitor:
    variants = {}
    for text in variant or ():
        experiment, separator, name = text.partition(":")
        if not separator:
            raise InvalidQuery(f"variant must be experiment:variant, got {text[:100]!r}", code="unknown_variant")
        variants[experiment] = name
    return Visitor(caller.person(user), session, variants)


FromQuery = Annotated[Visitor, Depends(_visitor)]
