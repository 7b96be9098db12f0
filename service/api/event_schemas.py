"""The shapes of events and users, as they are sent and as they are answered."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator

from service.api.values import NAMED, Attribute, Line, Number, ProductId
from service.core.fields import CATEGORY_SEPARATOR
from service.store.events import StoredInteraction
from service.store.users import StoredUser

Id = ProductId
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
Time = Annotated[
    Any,
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}]}),
    Field(description="ISO 8601 (UTC unless it says otherwise) or (milli)seconds since 1970; now if left out"),
]


class EventIn(BaseModel):
    """Something a user, or an anonymous session, did."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: Literal["view", "click", "cart", "wishlist", "purchase", "rating", "search", "hide"]
    user: Id | None = Field(None, description="the merchant's id; unknown users are made")
    session: Id | None = Field(None, description="of an anonymous visitor; a user, a session or both are needed")
    product: Id | None = Field(None, description="needed by every type but search")
    query: Words | None = Field(
        None, description="the words of a search, which needs them, or of the search that led here, beside request_id"
    )
    value: float | None = Field(None, ge=0, le=1e9, description="stars of a rating (0 to 5, needed), pieces bought")
    at: Time = None
    event_id: Id | None = Field(None, description="the same id again is the same event")
    request_id: Id | None = Field(None, description="of the answer that showed the product")
    position: int | None = Field(None, ge=1, le=10**9, description="its rank there; 1 is the first")


class EventResult(BaseModel):
    """What became of one event."""

    index: int = Field(description="its place in the body, from 0")
    status: Literal["recorded", "duplicate", "refused"]
    reason: str | None = Field(None, description="why it was refused, and what is allowed")


class EventsOut(BaseModel):
    """One result per event, in the order sent; what is recorded is committed."""

    recorded: int
    duplicates: int
    refused: int
    results: list[EventResult]


class EventOut(BaseModel):
    """An event as stored."""

    type: str
    at: datetime
    product: str | None
    query: str | None
    value: float | None
    session: str | None
    event_id: str | None
    request_id: str | None
    position: int | None
    received_at: datetime

    @classmethod
    def of(cls, stored: StoredInteraction) -> "EventOut":
        """The stored event, without internal keys."""
        event = stored.interaction
        return cls(received_at=stored.received_at, **{name: getattr(event, name) for name in _EVENT_FIELDS})


_EVENT_FIELDS = tuple(name for name in EventOut.model_fields if name != "received_at")


class UserEvents(BaseModel):
    """What a user did, newest first."""

    user: str
    events: list[EventOut]


def _path(value: object) -> object:
    parts = value.split(CATEGORY_SEPARATOR.strip()) if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        return value
    path = CATEGORY_SEPARATOR.join(part.strip() for part in parts)
    if len(path) > _MOST:
        raise ValueError(f"a path of categories has at most {_MOST} characters")
    return path


_MOST = 500
_Parts = Annotated[list[Line], Field(min_length=1)]
Category = Annotated[Line, BeforeValidator(_path, json_schema_input_type=Line | _Parts)]
Price = Annotated[Number, Field(ge=0, lt=1e12)]


class Preferences(BaseModel):
    """What someone told us on arrival; counts before the first event."""

    model_config = ConfigDict(extra="forbid")

    categories: list[Category] = Field(default=[], max_length=100, description="paths, as 'Home > Kitchen'")
    brands: list[Line] = Field(default=[], max_length=100)
    min_price: Price | None = Field(None, description="in major units: 12.99")
    max_price: Price | None = None
    attributes: Annotated[dict[Line, Annotated[list[Line], Field(max_length=100)]], NAMED] = Field(
        default={}, max_length=20, description="attribute -> values that are liked", examples=[{"colour": ["Black"]}]
    )

    @model_validator(mode="after")
    def _ordered(self) -> "Preferences":
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            raise ValueError(f"min_price {self.min_price} is above max_price {self.max_price}")
        return self


class UserIn(BaseModel):
    """What is known about a user; a part that is left out, or null, stays as it is, and {} empties it."""

    model_config = ConfigDict(extra="forbid")

    preferences: Preferences | None = None
    features: Annotated[dict[Line, Attribute], NAMED] | None = Field(
        None, max_length=200, description="what training may know", examples=[{"country": "DE", "member": True}]
    )


class UserOut(BaseModel):
    """A user as stored."""

    id: str
    preferences: dict[str, Any]
    features: dict[str, Any]
    created_at: datetime
    last_seen_at: datetime | None = Field(description="at most an hour behind the newest event")

    @classmethod
    def of(cls, user: StoredUser) -> "UserOut":
        """The stored user, without internal keys."""
        return cls(
            id=user.external_id,
            preferences=dict(user.preferences),
            features=dict(user.features),
            created_at=user.created_at,
            last_seen_at=user.last_seen_at,
        )


class MergeIn(BaseModel):
    """The anonymous session that turned out to be this user."""

    model_config = ConfigDict(extra="forbid")

    session: Id


class MergeOut(BaseModel):
    """How many events changed hands; none when asked again."""

    user: str
    session: str
    merged: int
