"""Making, listing and revoking API keys; the key itself is handed out once and kept nowhere."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from service.accounts.caller import Scope
from service.accounts.opaque import API_KEY, make_secret
from service.core.errors import InvalidQuery
from service.store import api_keys
from service.store.api_keys import StoredKey
from service.store.product_rows import is_storable

MAX_NAME = 100
MAX_DAYS = 3650


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key with its text, which cannot be had a second time."""

    text: str
    stored: StoredKey


def make_key(
    session: Session, tenant: str, name: str, scopes: Collection[str], *, days: float | None, now: datetime
) -> NewKey:
    """Make a key.

    Parameters
    ----------
    days : how long it is good for; None for ever.

    Raises
    ------
    InvalidQuery : no name, an unknown scope or none, an impossible number of days.
    """
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or not is_storable(name):
        raise InvalidQuery(f"a key needs a name of 1 to {MAX_NAME} printable characters, to know it by")
    known = {str(scope) for scope in Scope}
    if not scopes or not known.issuperset(scopes):
        given = ", ".join(sorted(scopes))[:100] or "none"
        raise InvalidQuery(f"a key needs scopes of {', '.join(Scope)}; got {given}", code="unknown_scope")
    if days is not None and not 0 < days <= MAX_DAYS:
        raise InvalidQuery(f"a key is good for more than 0 and at most {MAX_DAYS} days, or for ever; got {days}")
    made = make_secret(API_KEY)
    expires_at = None if days is None else now + timedelta(days=days)
    ordered = [str(scope) for scope in Scope if scope in scopes]
    stored = api_keys.add_key(
        session, tenant, made.hash, name=name, hint=made.hint, scopes=ordered, now=now, expires_at=expires_at
    )
    return NewKey(made.text, stored)
