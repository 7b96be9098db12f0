"""From what a request shows to who calls; what was proved is trusted for some seconds, so that it costs nothing."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

import structlog
from cachetools import TTLCache

from service.accounts.caller import EVERYTHING, SCOPES_OF, Caller, Role, Scope
from service.accounts.opaque import API_KEY, hash_of
from service.accounts.secret import Keyring
from service.accounts.tokens import Claims
from service.core.errors import DependencyUnavailable, NotAuthenticated
from service.store import accounts, api_keys
from service.store.database import Database

log = structlog.get_logger()

_MOST = 20_000  # callers remembered; a few hundred bytes each
_NOTED = timedelta(minutes=5)  # a key is written at most so often for having been used
_BAD_KEY = "the API key is not valid: it is unknown, revoked or expired; `vitrine keys list` shows those there are"
_SIGNED_OUT = "this sign-in has ended; sign in again"


class Proofs:
    """Checks API keys and access tokens.

    Parameters
    ----------
    trusted_s : how long an answer holds; so late does a revocation made by another process count. Those of this
        process count at once, see `forget`.
    """

    def __init__(self, database: Database, keyring: Keyring, clock: Callable[[], datetime], trusted_s: float) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._known: TTLCache[bytes, Caller] = TTLCache(_MOST, trusted_s, time.monotonic)
        self._lock = threading.Lock()

    def known(self, credential: str) -> Caller | None:
        """Who showed this some seconds ago; does not block."""
        with self._lock:
            caller = self._known.get(_name(credential))
        is_late = caller is not None and caller.expires_at is not None and caller.expires_at <= self._clock()
        return None if is_late else caller

    def check(self, credential: str) -> Caller:
        """Who shows this; blocks, it asks the database.

        Raises
        ------
        NotAuthenticated : it is forged, unknown, expired or revoked.
        """
        caller = self._of_key(credential) if credential.startswith(API_KEY) else self._of_token(credential)
        with self._lock:
            self._known[_name(credential)] = caller
        return caller

    def forget(self) -> None:
        """Check everybody anew, because something was revoked."""
        with self._lock:
            self._known.clear()

    def _of_key(self, text: str) -> Caller:
        now = self._clock()
        hashed = hash_of(text)
        with self._database.session() as session:
            key = None if hashed is None else api_keys.find_key(session, hashed)
        if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
            raise NotAuthenticated(_BAD_KEY, code="invalid_key")
        if key.last_used_at is None or now - key.last_used_at >= _NOTED:
            self._note_use(key.id, now)
        return Caller(key.tenant, _granted(key.scopes), key=key.id, expires_at=key.expires_at)

    def _note_use(self, key_id: int, now: datetime) -> None:
        try:
            with self._database.session() as session:
                api_keys.note_use(session, key_id, now)
        except DependencyUnavailable as error:  # a shop that can only be read still answers
            log.warning("key_use_not_noted", key=key_id, error=error.message)

    def _of_token(self, text: str) -> Caller:
        tokens = self._keyring.reading()
        if tokens is None:
            raise NotAuthenticated(_SIGNED_OUT, code="invalid_token")
        claims = tokens.read(text, self._clock())
        if not self._is_alive(claims):
            raise NotAuthenticated(_SIGNED_OUT, code="token_revoked")
        role = claims.role
        return Caller(
            claims.tenant, SCOPES_OF[role], claims.user, claims.account, role, claims.family,
            expires_at=claims.expires_at,
        )  # fmt: skip

    def _is_alive(self, claims: Claims) -> bool:
        """Whether nothing was revoked since it was signed: neither the sign-in nor the account nor its role."""
        with self._database.session() as session:
            account = accounts.find_by_id(session, claims.account)
            return (
                account is not None
                and account.disabled_at is None
                and (account.epoch, account.tenant, account.user) == (claims.epoch, claims.tenant, claims.user)
                and Role(account.role) is claims.role
                and accounts.is_family_alive(session, claims.family)
            )


def _granted(scopes: tuple[str, ...]) -> frozenset[Scope]:
    granted = frozenset(Scope(scope) for scope in scopes if scope in set(Scope))
    return EVERYTHING if Scope.ADMIN in granted else granted


def _name(credential: str) -> bytes:
    return sha256(credential.encode("utf-8", "surrogatepass")).digest()  # so that memory holds no secret
