"""What can be said of events, users and accounts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Required, TypedDict

from service.clients.asks.catalogue import Attribute

Scope = Literal["read", "events", "users", "catalogue", "rules", "admin"]


class Event(TypedDict, total=False):
    """Something a user, or an anonymous session, did.

    `request_id` and `position` are those of the answer that showed the product; an event without `event_id` is given
    one, so that it counts once however often it is sent.
    """

    type: Required[Literal["view", "click", "cart", "wishlist", "purchase", "rating", "search", "hide"]]
    user: str | None
    session: str | None
    product: str | None
    query: str | None
    value: float | None
    at: datetime | str | float | None
    event_id: str | None
    request_id: str | None
    position: int | None


class Preferences(TypedDict, total=False):
    """What someone told on arrival; counts before the first event."""

    categories: Sequence[str | Sequence[str]]
    brands: Sequence[str]
    min_price: float | None
    max_price: float | None
    attributes: Mapping[str, Sequence[str]]


class UserFields(TypedDict, total=False):
    """What is known about a user; what is left out, or None, stays as it is."""

    preferences: Preferences | None
    features: Mapping[str, Attribute] | None


class MeFields(TypedDict, total=False):
    """What is to change of one's own account."""

    name: str | None
    preferences: Preferences | None


class NewKey(TypedDict, total=False):
    """A key to be made; good for ever without `days`."""

    name: Required[str]
    scopes: Required[Sequence[Scope]]
    days: float | None
