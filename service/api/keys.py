"""``/v1/keys``: the API keys of servers and public pages."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from service.accounts.caller import Scope
from service.accounts.key_desk import MAX_DAYS, MAX_NAME, make_key
from service.api.auth import AtReception
from service.api.clock import Now
from service.api.dependencies import Tenant
from service.api.values import Number
from service.store import api_keys
from service.store.api_keys import StoredKey

router = APIRouter(prefix="/v1/keys", tags=["accounts"])

KeyId = Annotated[int, Path(ge=1, lt=2**63)]


class KeyIn(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME, description="to know it by", examples=["checkout server"])
    scopes: list[Scope] = Field(min_length=1, max_length=20, description=Scope.__doc__)
    days: Number | None = Field(None, gt=0, le=MAX_DAYS, description="how long it is good for; for ever if left out")


class KeyOut(BaseModel):
    """A key as it may be shown."""

    id: int
    name: str
    hint: str = Field(description="its first characters")
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="some minutes behind")
    revoked_at: datetime | None

    @classmethod
    def of(cls, stored: StoredKey) -> "KeyOut":
        """The stored key."""
        return cls.model_validate(asdict(stored))


class KeyMade(KeyOut):
    """A new key, with its text."""

    key: str = Field(description="shown this once; send it as `Authorization: Bearer …` or `X-API-Key: …`")


class KeysOut(BaseModel):
    """The keys, newest first."""

    keys: list[KeyOut]


@router.post("", status_code=201, summary="Make an API key")
async def post_key(body: KeyIn, tenant: Tenant, now: Now, at: AtReception, response: Response) -> KeyMade:
    """The answer has the key itself: keep it, for nobody can show it again. Needs a key or token even in an open shop.

    A key for public pages has `read` and `events`, and no more.
    """

    def make() -> KeyMade:
        with at.desk.database.session() as session:
            made = make_key(session, tenant, body.name, body.scopes, days=body.days, now=now)
        return KeyMade(key=made.text, **KeyOut.of(made.stored).model_dump())

    response.headers["Cache-Control"] = "no-store"
    return await at.working(make)


@router.get("", summary="List API keys")
async def get_keys(
    tenant: Tenant,
    at: AtReception,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=1, lt=2**63, description="the last id of the page before")] = None,
) -> KeysOut:
    """Those that are good, and those that were revoked or have expired; newest first."""

    def read() -> KeysOut:
        with at.desk.database.session() as session:
            found = api_keys.list_keys(session, tenant, limit=limit, before=before)
        return KeysOut(keys=[KeyOut.of(key) for key in found])

    return await at.working(read)


@router.delete("/{id}", summary="Revoke an API key")
async def delete_key(id: KeyId, tenant: Tenant, now: Now, at: AtReception) -> KeyOut:
    """Counts at once here, and at other servers within `[accounts] trusted_s` seconds."""

    def revoke() -> KeyOut:
        with at.desk.database.session() as session:
            return KeyOut.of(api_keys.revoke_key(session, tenant, id, now))

    revoked = await at.working(revoke)
    at.proofs.forget()
    return revoked
