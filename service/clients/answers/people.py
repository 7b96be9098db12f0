"""Events, users, accounts and keys, and what is kept of somebody."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class EventResult:
    """What became of one event."""

    index: int  # its place in the body, from 0
    status: str
    reason: str | None = None  # why it was refused, and what is allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsOut:
    """One result per event, in the order sent; what is recorded is committed."""

    recorded: int
    duplicates: int
    refused: int
    results: tuple[EventResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventOut:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEvents:
    """What a user did, newest first."""

    user: str
    events: tuple[EventOut, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserOut:
    """A user as stored."""

    id: str
    preferences: dict[str, Any]
    features: dict[str, Any]
    created_at: datetime
    last_seen_at: datetime | None  # at most an hour behind the newest event


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeOut:
    """How many events changed hands; none when asked again."""

    user: str
    session: str
    merged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipOut:
    """A release that learned from the person among others."""

    release: str
    status: str
    until: datetime | None  # gone by then; null: with the training after next_training_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptOut:
    """What was erased; says of whom only to who knows it already."""

    receipt: str
    begun_at: datetime
    done_at: datetime | None
    erased: dict[str, int]  # table or place -> how much was there
    releases: tuple[MembershipOut, ...]
    model_ended_at: datetime | None  # since then no release knows the person
    next_training_at: datetime | None  # null: nobody trains by themselves, run `vitrine train`


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something that is still there."""

    where: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedOut(ReceiptOut):
    """A receipt, and what a look into every place found."""

    verdict: str  # clean, model (only `releases` are left), left, or unfinished
    left: tuple[LeftOut, ...]
    unseen: tuple[str, ...]  # places that could not be looked into from here


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpOut:
    """The same for everybody: whether an address has an account is told to nobody."""

    status: str
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensOut:
    """What proves for some minutes who calls, and what gets the next such proof."""

    access_token: str  # send it as `Authorization: Bearer …`
    token_type: str
    expires_in: int  # seconds the access token is good for
    refresh_token: str  # for one use at /v1/auth/refresh; keep it from scripts of others
    refresh_expires_at: datetime
    user: str  # id of the user whose feed and events are the account's own
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKeys:
    """A JWK Set."""

    keys: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeOut:
    """One's own account."""

    id: str  # id of the account's user, as events and feeds name it
    email: str
    name: str
    role: str
    preferences: dict[str, Any]
    created_at: datetime
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOut:
    """A key as it may be shown."""

    id: int
    name: str
    hint: str  # its first characters
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None  # some minutes behind
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMade(KeyOut):
    """A new key, with its text."""

    key: str  # shown this once; send it as `Authorization: Bearer …` or `X-API-Key: …`


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysOut:
    """The keys, newest first."""

    keys: tuple[KeyOut, ...]
