"""``/v1/auth`` and ``/v1/me``: signing up, in and out, and one's own account."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.accounts.caller import Caller, Role
from service.accounts.desk import Desk, SignedIn
from service.accounts.details import ADDRESS, MAX_ADDRESS, MAX_NAME, MIN_PASSWORD
from service.accounts.passwords import MAX_LENGTH
from service.api.clock import Now
from service.api.dependencies import State, Tenant
from service.api.documented_problems import Responses, problem_answer
from service.api.event_schemas import Id, Preferences
from service.api.principal import Principal
from service.api.reception import Reception
from service.core.errors import NotAllowed
from service.store import accounts, users
from service.store.accounts import StoredAccount
from service.store.users import StoredUser

router = APIRouter(prefix="/v1", tags=["accounts"])

_PRINTED = r"^[^\x00-\x1f\x7f]*$"
Email = Annotated[str, StringConstraints(min_length=3, max_length=MAX_ADDRESS, pattern=ADDRESS)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_NAME, pattern=_PRINTED)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LENGTH)]
NewPassword = Annotated[str, StringConstraints(min_length=MIN_PASSWORD, max_length=MAX_LENGTH)]
ERASED: Responses = {409: problem_answer("the account is being erased at this moment")}
Opaque = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SignUpIn(_Input):
    """Somebody new."""

    email: Email = Field(examples=["ann@example.com"])
    password: NewPassword = Field(
        description=f"any {MIN_PASSWORD} to {MAX_LENGTH} characters", examples=["correct horse"]
    )
    name: Name = ""


class SignUpOut(BaseModel):
    """The same for everybody: whether an address has an account is told to nobody."""

    status: Literal["accepted"] = "accepted"
    next: str = "sign in at /v1/auth/sign-in with this e-mail address and password"


class SignInIn(_Input):
    """Somebody with an account."""

    email: Email = Field(examples=["ann@example.com"])
    password: Password = Field(examples=["correct horse"])
    session: Id | None = Field(None, description="the anonymous session they were: what it did becomes their own")


class TokensOut(BaseModel):
    """What proves for some minutes who calls, and what gets the next such proof."""

    access_token: str = Field(description="send it as `Authorization: Bearer …`")
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="seconds the access token is good for")
    refresh_token: str = Field(description="for one use at /v1/auth/refresh; keep it from scripts of others")
    refresh_expires_at: datetime
    user: str = Field(description="id of the user whose feed and events are the account's own")
    role: Role

    @classmethod
    def of(cls, signed: SignedIn, now: datetime) -> "TokensOut":
        """The tokens of somebody who has just proved who they are."""
        return cls(
            access_token=signed.access,
            expires_in=round((signed.access_expires_at - now).total_seconds()),
            refresh_token=signed.refresh,
            refresh_expires_at=signed.refresh_expires_at,
            user=signed.account.user,
            role=Role(signed.account.role),
        )


class RefreshIn(_Input):
    """A refresh token."""

    refresh_token: Opaque


class PasswordIn(_Input):
    """The password there is, and the one there shall be."""

    password: Password
    new_password: NewPassword


class MeOut(BaseModel):
    """One's own account."""

    id: str = Field(description="id of the account's user, as events and feeds name it")
    email: str
    name: str
    role: Role
    preferences: dict[str, Any]
    created_at: datetime
    last_seen_at: datetime | None

    @classmethod
    def of(cls, account: StoredAccount, user: StoredUser) -> "MeOut":
        """The account with its user."""
        return cls(
            id=account.user, email=account.email, name=account.name, role=Role(account.role),
            preferences=dict(user.preferences), created_at=account.created_at, last_seen_at=user.last_seen_at,
        )  # fmt: skip


class MeIn(_Input):
    """What is to change; a part that is left out stays as it is."""

    name: Name | None = None
    preferences: Preferences | None = Field(None, description="count from the next feed on; {} empties them")


class PublicKeys(BaseModel):
    """A JWK Set."""

    keys: list[dict[str, str]]


async def _reception(request: Request) -> Reception:
    reception: Reception = request.app.state.reception
    return reception


AtReception = Annotated[Reception, Depends(_reception)]


@router.post("/auth/sign-up", status_code=202, summary="Make an account")
async def post_sign_up(body: SignUpIn, tenant: Tenant, at: AtReception) -> SignUpOut:
    """Answers the same whether or not the address has an account already, and hashes the password either way."""
    if not at.desk.params.sign_up:
        raise NotAllowed("nobody can sign up here by themselves; ask the shop", code="sign_up_closed")
    await at.hashing(lambda: at.desk.sign_up(tenant, body.email, body.password, name=body.name))
    return SignUpOut()


@router.post("/auth/sign-in", summary="Get tokens for an e-mail address and a password", responses=ERASED)
async def post_sign_in(body: SignInIn, tenant: Tenant, now: Now, at: AtReception, response: Response) -> TokensOut:
    """401 for whatever is wrong: an unknown address and a wrong password look the same, and take the same time."""
    _keep_private(response)
    signed = await at.hashing(lambda: at.desk.sign_in(tenant, body.email, body.password, session_id=body.session))
    return TokensOut.of(signed, now)


@router.post("/auth/refresh", summary="Get the next tokens for a refresh token")
async def post_refresh(body: RefreshIn, now: Now, at: AtReception, response: Response) -> TokensOut:
    """The refresh token is void afterwards. Shown a second time it ends the sign-in it came from: somebody stole it."""
    _keep_private(response)
    try:
        return TokensOut.of(await at.working(lambda: at.desk.refresh(body.refresh_token)), now)
    finally:
        at.proofs.forget()


@router.post("/auth/sign-out", status_code=204, summary="End a sign-in")
async def post_sign_out(body: RefreshIn, at: AtReception) -> None:
    """Its refresh and access tokens are void at once, and at other servers within `[accounts] trusted_s` seconds."""
    await at.working(lambda: at.desk.sign_out(body.refresh_token))
    at.proofs.forget()


@router.get("/auth/jwks.json", summary="The public keys of access tokens")
async def get_public_keys(at: AtReception) -> PublicKeys:
    """For other services of the shop, which check tokens themselves; empty unless VITRINE_TOKEN_ALGORITHM is EdDSA."""
    return PublicKeys(keys=await at.working(at.desk.public_keys))


@router.post("/auth/password", summary="Change one's own password")
async def post_password(
    body: PasswordIn, caller: Principal, now: Now, at: AtReception, response: Response
) -> TokensOut:
    """Everybody signed in to the account is signed out; the answer has new tokens for who asked."""
    _keep_private(response)
    signed = await at.hashing(lambda: at.desk.change_password(caller, body.password, body.new_password))
    at.proofs.forget()
    return TokensOut.of(signed, now)


@router.get("/me", summary="One's own account and preferences")
async def get_me(caller: Principal, state: State, at: AtReception) -> MeOut:
    """Needs the access token of /v1/auth/sign-in."""
    return await at.working(lambda: _me(at.desk, caller))


@router.put("/me", summary="Change one's own name or preferences", responses=ERASED)
async def put_me(body: MeIn, caller: Principal, now: Now, at: AtReception) -> MeOut:
    """Preferences count from the next feed on, before any event."""
    preferences = None if body.preferences is None else body.preferences.model_dump(mode="json", exclude_unset=True)

    def change() -> MeOut:
        account = at.desk.account_of(caller)
        with at.desk.database.session() as session:
            users.put_user(session, account.tenant, account.user, preferences=preferences, now=now)
            if body.name is not None:
                accounts.rename_account(session, account.id, body.name)
        return _me(at.desk, caller)

    return await at.working(change)


def _me(desk: Desk, caller: Caller) -> MeOut:
    account = desk.account_of(caller)
    with desk.database.session() as session:
        return MeOut.of(account, users.get_user(session, account.tenant, account.user))


def _keep_private(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"
