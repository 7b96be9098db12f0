"""Accounts and their refresh tokens in SQL; what a password or a token is, is known elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, exists, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from service.core.errors import NotFound
from service.store.product_rows import is_storable
from service.store.tables import ACCOUNT, REFRESH_TOKEN, USERS
from service.store.upsert import lock_for_writing

_A = ACCOUNT.c
_T = REFRESH_TOKEN.c
_COLUMNS = (
    _A.id, _A.tenant, _A.email, _A.name, _A.role, _A.password_hash, _A.epoch, _A.created_at, _A.signed_in_at,
    _A.disabled_at, USERS.c.external_id.label("user"),
)  # fmt: skip
_WITH_USER = select(*_COLUMNS).join(USERS, USERS.c.id == _A.user_id)


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """Somebody who can sign in.

    Attributes
    ----------
    user : external id of the user whose feed and events are the account's own.
    epoch : access tokens of an earlier one are void. disabled_at : may not sign in since then.
    """

    id: int
    tenant: str
    email: str
    name: str
    role: str
    password_hash: str
    epoch: int
    created_at: datetime
    signed_in_at: datetime | None
    disabled_at: datetime | None
    user: str


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A refresh token that is known: used and revoked ones are kept until they expire."""

    account_id: int
    family: str
    expires_at: datetime
    is_used: bool
    is_revoked: bool


def find_account(session: Session, tenant: str, email: str) -> StoredAccount | None:
    """The account with this (folded) address, if there is one."""
    if not is_storable(email):
        return None
    return _one(session, and_(_A.tenant == tenant, _A.email == email))


def find_by_id(session: Session, account_id: int) -> StoredAccount | None:
    """The account with this key, if it was not erased."""
    return _one(session, _A.id == account_id)


def get_account(session: Session, account_id: int) -> StoredAccount:
    """The account with this key.

    Raises
    ------
    NotFound : it was erased.
    """
    account = find_by_id(session, account_id)
    if account is None:
        raise NotFound("this account does not exist any more", code="account_not_found")
    return account


def add_account(
    session: Session, tenant: str, email: str, *, name: str, role: str, password_hash: str, user: str, now: datetime
) -> bool:
    """Make an account and its user; False, and nothing is changed, where the address is taken.

    Parameters
    ----------
    user : external id of the user to be made for it; must be new.
    """
    lock_for_writing(session)
    if find_account(session, tenant, email) is not None:
        return False
    connection = session.connection()
    made = insert(USERS).values(
        tenant=tenant, external_id=user, created_at=now, last_seen_at=None, preferences={}, features={}
    )
    key = connection.execute(made.returning(USERS.c.id)).scalar_one()
    row = {
        "tenant": tenant, "email": email, "name": name, "role": role, "user_id": key, "password_hash": password_hash,
        "epoch": 0, "created_at": now, "signed_in_at": None, "disabled_at": None,
    }  # fmt: skip
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    # another process may have taken the address since we looked: then the user goes again
    made_account = dialect.insert(ACCOUNT).on_conflict_do_nothing().values(row).returning(_A.id)
    if connection.execute(made_account).first() is not None:
        return True
    connection.execute(delete(USERS).where(USERS.c.id == key))
    return False


def rename_account(session: Session, account_id: int, name: str) -> None:
    """Give the account another name."""
    session.connection().execute(update(ACCOUNT).where(_A.id == account_id).values(name=name))


def set_password(session: Session, account_id: int, password_hash: str) -> None:
    """Keep another hash of the same or a new password."""
    session.connection().execute(update(ACCOUNT).where(_A.id == account_id).values(password_hash=password_hash))


def note_sign_in(session: Session, account_id: int, now: datetime) -> None:
    """Note that somebody signed in, and forget the account's tokens that have expired."""
    connection = session.connection()
    connection.execute(update(ACCOUNT).where(_A.id == account_id).values(signed_in_at=now))
    connection.execute(delete(REFRESH_TOKEN).where(_T.account_id == account_id, _T.expires_at <= now))


def add_token(
    session: Session, token_hash: str, account_id: int, family: str, *, now: datetime, expires_at: datetime
) -> None:
    """Keep a new refresh token's hash."""
    row: dict[str, Any] = {
        "hash": token_hash, "account_id": account_id, "family": family, "made_at": now, "expires_at": expires_at,
    }  # fmt: skip
    session.connection().execute(insert(REFRESH_TOKEN).values(row))


def use_token(session: Session, token_hash: str, now: datetime) -> StoredToken | None:
    """Find a refresh token and mark it as used; of two who use it at once, one learns that it was used already."""
    connection = session.connection()
    is_first = connection.execute(
        update(REFRESH_TOKEN).where(_T.hash == token_hash, _T.used_at.is_(None)).values(used_at=now)
    ).rowcount
    row = connection.execute(select(REFRESH_TOKEN).where(_T.hash == token_hash)).first()
    if row is None:
        return None
    return StoredToken(row.account_id, row.family, row.expires_at, not is_first, row.revoked_at is not None)


def revoke_family(session: Session, family: str, now: datetime) -> None:
    """Void all refresh tokens that followed from one sign-in, and so its access tokens."""
    session.connection().execute(
        update(REFRESH_TOKEN).where(_T.family == family, _T.revoked_at.is_(None)).values(revoked_at=now)
    )


def revoke_account(session: Session, account_id: int, now: datetime) -> int:
    """Void every token of an account, also access tokens; returns its new epoch."""
    connection = session.connection()
    connection.execute(
        update(REFRESH_TOKEN).where(_T.account_id == account_id, _T.revoked_at.is_(None)).values(revoked_at=now)
    )
    raised = update(ACCOUNT).where(_A.id == account_id).values(epoch=_A.epoch + 1).returning(_A.epoch)
    return int(connection.execute(raised).scalar_one())


def close_account(session: Session, account_id: int, now: datetime) -> None:
    """Let nobody sign in any more, and void every token."""
    revoke_account(session, account_id, now)
    session.connection().execute(update(ACCOUNT).where(_A.id == account_id).values(disabled_at=now))


def is_family_alive(session: Session, family: str) -> bool:
    """Whether somebody is still signed in with this family of tokens."""
    alive = select(exists().where(_T.family == family, _T.revoked_at.is_(None)))
    return bool(session.connection().execute(alive).scalar())


def _one(session: Session, condition: Any) -> StoredAccount | None:
    row = session.connection().execute(_WITH_USER.where(condition)).first()
    return None if row is None else StoredAccount(**row._mapping)
