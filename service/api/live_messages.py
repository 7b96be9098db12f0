"""What pages and the service say to each other on ``/v1/live``."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from service.api.problems import describe
from service.api.values import PersonId
from service.core.errors import InvalidQuery
from service.live.hub import Topic


class Subscribe(BaseModel):
    """Listen to these topics from now on, and to no others; may be sent again at any time.

    Attributes
    ----------
    token : an API key or access token; here, and never in the URL, which is written into logs.
    user, session : whose feed the page shows.
    """

    model_config = ConfigDict(extra="forbid")

    type: Literal["subscribe"]
    topics: Annotated[set[Topic], Field(min_length=1)]
    user: PersonId | None = None
    session: PersonId | None = None
    token: Annotated[str | None, Field(min_length=1, max_length=4096)] = None


class Ping(BaseModel):
    """Answered by a pong, for pages that cannot see the pings of the protocol."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["ping"]


_SAID: TypeAdapter[Subscribe | Ping] = TypeAdapter(Annotated[Subscribe | Ping, Field(discriminator="type")])


def read_message(text: str) -> Subscribe | Ping:
    """What a page says.

    Raises
    ------
    InvalidQuery : it is none of the messages there are.
    """
    try:
        return _SAID.validate_python(orjson.loads(text))
    except ValidationError as error:
        wrong = describe(error.errors())
        detail = "; ".join(f"{each['field']}: {each['problem']}" for each in wrong[:5])
    except orjson.JSONDecodeError as error:
        detail = f"that is not JSON ({error})"
    raise InvalidQuery(detail, code="invalid_message")


def written(kind: str, body: Mapping[str, Any]) -> str:
    """A message to a page.

    Examples
    --------
    >>> written("pong", {})
    '{"type":"pong"}'
    """
    return orjson.dumps({"type": kind, **body}).decode()
