"""Requests about accounts and API keys."""

from typing import Any, Unpack

from service.clients.answers.people import (
    KeyMade,
    KeyOut,
    KeysOut,
    MeOut,
    PublicKeys,
    ReceiptOut,
    SignUpOut,
    TokensOut,
)
from service.clients.asks.people import MeFields, NewKey
from service.clients.call import Call, params


def sign_up(*, email: str, password: str, name: str = "") -> Call[SignUpOut]:
    """Make an account; the answer does not say whether there is one already."""
    return Call("POST", "/v1/auth/sign-up", SignUpOut, body={"email": email, "password": password, "name": name})


def sign_in(*, email: str, password: str, session: str | None = None) -> Call[TokensOut]:
    """Tokens for an address and a password; what the anonymous `session` did becomes the account's own."""
    body: dict[str, Any] = {"email": email, "password": password}
    return Call("POST", "/v1/auth/sign-in", TokensOut, body=body | ({"session": session} if session else {}))


def refresh(refresh_token: str, /) -> Call[TokensOut]:
    """The next tokens; a refresh token is good once, so this is never sent twice."""
    return Call("POST", "/v1/auth/refresh", TokensOut, body={"refresh_token": refresh_token})


def sign_out(refresh_token: str, /) -> Call[None]:
    """End a sign-in."""
    return Call("POST", "/v1/auth/sign-out", type(None), body={"refresh_token": refresh_token}, repeats=True)


def change_password(*, password: str, new_password: str) -> Call[TokensOut]:
    """Change one's own password; everybody signed in to the account is signed out."""
    body = {"password": password, "new_password": new_password}
    return Call("POST", "/v1/auth/password", TokensOut, body=body)


def public_keys() -> Call[PublicKeys]:
    """The public keys of access tokens."""
    return Call("GET", "/v1/auth/jwks.json", PublicKeys)


def me() -> Call[MeOut]:
    """One's own account and preferences."""
    return Call("GET", "/v1/me", MeOut)


def put_me(**fields: Unpack[MeFields]) -> Call[MeOut]:
    """Change one's own name or preferences."""
    return Call("PUT", "/v1/me", MeOut, body=fields)


def export_me() -> Call[bytes]:
    """All that is kept of oneself: JSON, or a ZIP of it where it is much."""
    return Call("GET", "/v1/me/export", bytes)


def erase_me(*, password: str | None = None) -> Call[ReceiptOut]:
    """Erase oneself; needs the password, or a sign-in of the last five minutes."""
    body = {"password": password} if password is not None else None
    return Call("DELETE", "/v1/me", ReceiptOut, body=body, repeats=False)


def list_keys(*, limit: int | None = None, before: int | None = None) -> Call[KeysOut]:
    """API keys, newest first; `before` is the last id of the page before."""
    return Call("GET", "/v1/keys", KeysOut, params({"limit": limit, "before": before}))


def make_key(**asked: Unpack[NewKey]) -> Call[KeyMade]:
    """Make an API key; the answer has its text, which nobody can show again.

    Examples
    --------
    >>> make_key(name="page", scopes=["read", "events"]).body
    {'name': 'page', 'scopes': ['read', 'events']}
    """
    return Call("POST", "/v1/keys", KeyMade, body=asked)


def revoke_key(id: int, /) -> Call[KeyOut]:
    """Revoke an API key."""
    return Call("DELETE", f"/v1/keys/{id}", KeyOut)
