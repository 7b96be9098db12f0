"""Signing up, in and out, and the tokens that follow: what accounts are for, whoever asks for it."""

import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from config.accounts import AccountParams
from service.accounts.attempts import Attempts
from service.accounts.caller import Caller, Role
from service.accounts.opaque import REFRESH, hash_of, make_secret
from service.accounts.passwords import check_password, hash_password
from service.accounts.secret import Keyring
from service.accounts.tokens import Claims
from service.core.errors import NotAuthenticated
from service.store import accounts as store
from service.store.accounts import StoredAccount
from service.store.database import Database
from service.store.events import merge_session

log = structlog.get_logger()

_WRONG = "e-mail address and password do not belong together, or the account is closed"
_NO_SUCH_TOKEN = "the refresh token is not valid any more; sign in again"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What somebody who signed in gets.

    Attributes
    ----------
    access : a JWT for the header `Authorization: Bearer …`. refresh : for one use, to get the next pair.
    access_expires_at, refresh_expires_at : UTC.
    """

    account: StoredAccount
    access: str
    access_expires_at: datetime
    refresh: str
    refresh_expires_at: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """Where people with accounts come to; every method blocks, and hashing takes some tens of milliseconds."""

    database: Database
    keyring: Keyring
    params: AccountParams
    clock: Callable[[], datetime]
    attempts: Attempts

    def sign_up(self, tenant: str, email: str, password: str, *, name: str = "", role: Role = Role.SHOPPER) -> bool:
        """Make an account with a user of its own; False where the address has one, which must not be told to anybody.

        The password is hashed either way.
        """
        return new_account(self.database, tenant, email, password, name=name, role=role, now=self.clock())

    def sign_in(self, tenant: str, email: str, password: str, *, session_id: str | None = None) -> SignedIn:
        """Tokens for somebody who knows the password.

        Parameters
        ----------
        session_id : the anonymous session they were; what it did becomes their own.

        Raises
        ------
        NotAuthenticated : no such account, a wrong password, a closed account: which of them is not told.
        TooManyRequests : too many wrong passwords were tried.
        """
        email = folded(email)
        self.attempts.check(tenant, email)
        with self.database.session() as session:
            account = store.find_account(session, tenant, email)
        is_right, renewed = check_password(password, account.password_hash if account else None)
        if account is None or not is_right or account.disabled_at is not None:
            self.attempts.note_wrong(tenant, email)
            raise NotAuthenticated(_WRONG, code="wrong_credentials")
        self.attempts.note_right(tenant, email)
        now = self.clock()
        with self.database.session() as session:
            store.note_sign_in(session, account.id, now)
            if renewed is not None:
                store.set_password(session, account.id, renewed)
            if session_id is not None:
                merge_session(session, tenant, account.user, session_id)
            return self._tokens(session, store.get_account(session, account.id), new_family(), now)

    def refresh(self, token: str) -> SignedIn:
        """The next pair of tokens for a refresh token, which is void from then on.

        One that was used before was stolen, now or then: everything that followed from its sign-in is revoked.

        Raises
        ------
        NotAuthenticated : it is unknown, used, expired or revoked.
        """
        now = self.clock()
        found = hash_of(token, REFRESH)
        with self.database.session() as session:
            pair = None if found is None else self._refreshed(session, found, now)
        if pair is None:  # raised out here, so that a revocation is kept
            raise NotAuthenticated(_NO_SUCH_TOKEN, code="invalid_refresh_token")
        return pair

    def _refreshed(self, session: Session, token_hash: str, now: datetime) -> SignedIn | None:
        known = store.use_token(session, token_hash, now)
        if known is None:
            return None
        if known.is_used:
            log.warning("refresh_token_used_twice", account=known.account_id)
            store.revoke_family(session, known.family, now)
        account = store.get_account(session, known.account_id)
        is_void = known.is_used or known.is_revoked or known.expires_at <= now or account.disabled_at is not None
        return None if is_void else self._tokens(session, account, known.family, now)

    def sign_out(self, token: str) -> str | None:
        """Revoke all that followed from the sign-in of a refresh token; returns its family, if it is known."""
        now = self.clock()
        found = hash_of(token, REFRESH)
        if found is None:
            return None
        with self.database.session() as session:
            known = store.use_token(session, found, now)
            if known is None:
                return None
            store.revoke_family(session, known.family, now)
            return known.family

    def change_password(self, caller: Caller, password: str, new: str) -> SignedIn:
        """Another password; everybody who was signed in is signed out, and gets new tokens only here.

        Raises
        ------
        NotAuthenticated : the caller has no account, or this is not its password.
        TooManyRequests : too many wrong passwords were tried.
        """
        account = self.account_of(caller)
        self.attempts.check(account.tenant, account.email)
        is_right, _ = check_password(password, account.password_hash)
        if not is_right:
            self.attempts.note_wrong(account.tenant, account.email)
            raise NotAuthenticated("this is not the account's password", code="wrong_credentials")
        hashed = hash_password(new)
        now = self.clock()
        with self.database.session() as session:
            store.set_password(session, account.id, hashed)
            store.revoke_account(session, account.id, now)
            return self._tokens(session, store.get_account(session, account.id), new_family(), now)

    def public_keys(self) -> list[dict[str, str]]:
        """What others check access tokens with, see `Tokens.public_keys`; none before the first token."""
        tokens = self.keyring.reading()
        return [] if tokens is None else tokens.public_keys()

    def account_of(self, caller: Caller) -> StoredAccount:
        """The account somebody signed in with.

        Raises
        ------
        NotAuthenticated : the caller has none.
        """
        if caller.account is None:
            raise NotAuthenticated(
                "this is about your own account: sign in at /v1/auth/sign-in and send the access token",
                code="no_account",
            )
        with self.database.session() as session:
            return store.get_account(session, caller.account)

    def _tokens(self, session: Session, account: StoredAccount, family: str, now: datetime) -> SignedIn:
        access_until = now + timedelta(minutes=self.params.access_minutes)
        refresh_until = now + timedelta(days=self.params.refresh_days)
        claims = Claims(
            account.user, account.tenant, Role(account.role), account.id, family, account.epoch, access_until
        )
        access = self.keyring.signing().sign(claims, now)
        refresh = make_secret(REFRESH)
        store.add_token(session, refresh.hash, account.id, family, now=now, expires_at=refresh_until)
        return SignedIn(account, access, access_until, refresh.text, refresh_until)


def new_account(
    database: Database, tenant: str, email: str, password: str, *, name: str, role: str, now: datetime
) -> bool:
    """Make an account with a user of its own; False where the address has one."""
    hashed = hash_password(password)
    with database.session() as session:
        return store.add_account(
            session, tenant, folded(email), name=name, role=str(role), password_hash=hashed, user=new_user_id(), now=now
        )


def folded(email: str) -> str:
    """The address as it is kept: one for all ways to write it.

    Examples
    --------
    >>> folded(" Ann@Example.COM ")
    'ann@example.com'
    """
    return unicodedata.normalize("NFKC", email).strip().casefold()


def new_user_id() -> str:
    """An id for the user of a new account; nobody can guess it."""
    return f"u-{secrets.token_hex(12)}"


def new_family() -> str:
    """A name for all tokens that will follow from one sign-in."""
    return secrets.token_hex(16)
