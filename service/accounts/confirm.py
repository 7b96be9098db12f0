"""Somebody shows once more who they are, before something that cannot be undone."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from service.accounts.caller import Caller
from service.accounts.desk import Desk
from service.accounts.passwords import check_password
from service.core.errors import NotAuthenticated
from service.store.accounts import StoredAccount
from service.store.tables import REFRESH_TOKEN

FRESH = timedelta(minutes=5)
"""A sign-in younger than this is as good as a password."""


def confirm(desk: Desk, caller: Caller, password: str | None) -> StoredAccount:
    """The caller's account, after the password was shown again, or right after signing in; hashes, so it takes time.

    Raises
    ------
    NotAuthenticated : a wrong password, or none and a sign-in that is too old.
    TooManyRequests : too many wrong passwords were tried.
    """
    account = desk.account_of(caller)
    if password is None:
        signed_in_at = _began(desk, caller)
        if signed_in_at is None or desk.clock() - signed_in_at > FRESH:
            raise NotAuthenticated(
                "this cannot be undone: send the password, or sign in and ask again within "
                f"{FRESH.total_seconds() / 60:.0f} minutes",
                code="confirmation_needed",
            )
        return account
    desk.attempts.check(account.tenant, account.email)
    is_right, _ = check_password(password, account.password_hash)
    if not is_right:
        desk.attempts.note_wrong(account.tenant, account.email)
        raise NotAuthenticated("this is not the account's password", code="wrong_credentials")
    return account


def _began(desk: Desk, caller: Caller) -> datetime | None:
    """When the caller signed in; refreshing tokens since then does not count."""
    query = select(func.min(REFRESH_TOKEN.c.made_at)).where(REFRESH_TOKEN.c.family == (caller.family or ""))
    with desk.database.session() as session:
        found: datetime | None = session.connection().execute(query).scalar()
    return found
