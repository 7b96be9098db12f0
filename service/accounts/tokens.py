"""Access tokens: signed JWTs of a few minutes; the algorithm is the configured one, whatever a token says."""

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from service.accounts.caller import Role
from service.core.errors import NotAuthenticated

Algorithm = Literal["HS256", "EdDSA"]

ISSUER = "vitrine"
AUDIENCE = "vitrine-api"
MAX_CHARS = 4096
_TYPE = "at+jwt"  # RFC 9068: no other token that we may ever sign is taken for an access token
_LEEWAY = timedelta(seconds=5)  # clocks of several servers
_NEEDED = ("iss", "aud", "sub", "exp", "iat", "jti", "tenant", "role", "account", "family", "epoch")
_BAD = "the access token is not one of ours, or was changed; sign in again"
_LATE = "the access token has expired; get another with your refresh token at /v1/auth/refresh"


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says.

    Attributes
    ----------
    user : external id of the account's user, the token's subject. family : the sign-in it came from.
    epoch : of the account when it was signed.
    """

    user: str
    tenant: str
    role: Role
    account: int
    family: str
    epoch: int
    expires_at: datetime


class Tokens:
    """Signs and reads access tokens.

    Parameters
    ----------
    secrets : the first one signs, all are accepted; so a new one can be put in front before the old one goes.
    """

    def __init__(self, secrets: Sequence[str], algorithm: Algorithm) -> None:
        self._algorithm = algorithm
        self._signing = {_kid(secret): _signing_key(secret, algorithm) for secret in secrets}
        self._checking = {kid: _checking_key(key) for kid, key in self._signing.items()}
        self._first = _kid(secrets[0])

    def sign(self, claims: Claims, now: datetime) -> str:
        """A token that says so until it expires."""
        import jwt

        payload = {
            "iss": ISSUER, "aud": AUDIENCE, "sub": claims.user, "tenant": claims.tenant, "role": str(claims.role),
            "account": claims.account, "family": claims.family, "epoch": claims.epoch, "jti": secrets.token_hex(16),
            "iat": int(now.timestamp()), "exp": int(claims.expires_at.timestamp()),
        }  # fmt: skip
        headers = {"kid": self._first, "typ": _TYPE}
        return jwt.encode(payload, self._signing[self._first], algorithm=self._algorithm, headers=headers)

    def read(self, token: str, now: datetime) -> Claims:
        """What a token says, if we signed it and it has not expired.

        Raises
        ------
        NotAuthenticated : it is forged, changed, expired, or meant for somebody else.
        """
        payload = self._payload(token)
        try:
            claims = _claims(payload)
            made = datetime.fromtimestamp(payload["iat"], UTC)
        except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
            raise NotAuthenticated(_BAD, code="invalid_token") from error
        if claims.expires_at <= now:
            raise NotAuthenticated(_LATE, code="token_expired")
        if made > now + _LEEWAY:
            raise NotAuthenticated(_BAD, code="invalid_token")
        return claims

    def public_keys(self) -> list[dict[str, str]]:
        """What others check our tokens with, as the `keys` of a JWK Set (RFC 7517, RFC 8037); none of HS256."""
        return [
            {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": _base64(key)}
            for kid, key in self._checking.items()
            if not isinstance(key, bytes)
        ]

    def _payload(self, token: str) -> Mapping[str, Any]:
        import jwt

        if len(token) > MAX_CHARS:
            raise NotAuthenticated(_BAD, code="invalid_token")
        # the clock is ours, so that tests can turn it: exp and iat are checked by the caller
        options: Any = {"require": list(_NEEDED), "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        try:
            header = jwt.get_unverified_header(token)
            key = self._checking.get(str(header.get("kid")))
            if key is None or header.get("typ") != _TYPE:
                raise NotAuthenticated(_BAD, code="invalid_token")
            return jwt.decode(
                token, key, algorithms=[self._algorithm], audience=AUDIENCE, issuer=ISSUER, options=options
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise NotAuthenticated(_BAD, code="invalid_token") from error


def _claims(payload: Mapping[str, Any]) -> Claims:
    account, epoch, expires = payload["account"], payload["epoch"], payload["exp"]
    texts = [payload[name] for name in ("sub", "tenant", "family")]
    is_sound = all(type(number) is int for number in (account, epoch, expires)) and all(type(t) is str for t in texts)
    if not is_sound:
        raise ValueError("a claim of the wrong type")
    expires_at = datetime.fromtimestamp(expires, UTC)
    return Claims(texts[0], texts[1], Role(payload["role"]), account, texts[2], epoch, expires_at)


def _derived(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose: what is known of one key says nothing of another."""
    return hmac.digest(secret.encode(), purpose.encode(), sha256)


def _kid(secret: str) -> str:
    return _derived(secret, "vitrine key id").hex()[:16]


def _signing_key(secret: str, algorithm: Algorithm) -> Any:
    seed = _derived(secret, f"vitrine access token {algorithm}")
    if algorithm == "HS256":
        return seed
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed)


def _base64(public: Any) -> str:
    return base64.urlsafe_b64encode(public.public_bytes_raw()).rstrip(b"=").decode()


def _checking_key(key: Any) -> Any:
    return key if isinstance(key, bytes) else key.public_key()
