"""API keys in SQL: found by the hash of the key, which itself is kept nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session

from service.core.errors import NotFound
from service.store.tables import API_KEY

_K = API_KEY.c
_SHOWN = (
    _K.id, _K.tenant, _K.name, _K.hint, _K.scopes, _K.created_at, _K.expires_at, _K.last_used_at, _K.revoked_at,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An API key as it may be shown.

    Attributes
    ----------
    hint : its first characters. last_used_at : some minutes behind.
    """

    id: int
    tenant: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


def add_key(
    session: Session,
    tenant: str,
    key_hash: str,
    *,
    name: str,
    hint: str,
    scopes: Sequence[str],
    now: datetime,
    expires_at: datetime | None,
) -> StoredKey:
    """Keep a new key."""
    row: dict[str, Any] = {
        "tenant": tenant, "name": name, "hash": key_hash, "hint": hint, "scopes": list(scopes), "created_at": now,
        "expires_at": expires_at, "last_used_at": None, "revoked_at": None,
    }  # fmt: skip
    key_id = session.connection().execute(insert(API_KEY).values(row).returning(_K.id)).scalar_one()
    return _stored(session.connection().execute(select(*_SHOWN).where(_K.id == key_id)).one())


def find_key(session: Session, key_hash: str) -> StoredKey | None:
    """The key with this hash, revoked or not."""
    row = session.connection().execute(select(*_SHOWN).where(_K.hash == key_hash)).first()
    return None if row is None else _stored(row)


def list_keys(session: Session, tenant: str, *, limit: int = 1000, before: int | None = None) -> list[StoredKey]:
    """A tenant's keys, newest first; those older than the key `before`, if it is given."""
    query = select(*_SHOWN).where(_K.tenant == tenant).order_by(_K.id.desc()).limit(limit)
    query = query if before is None else query.where(_K.id < before)
    return [_stored(row) for row in session.connection().execute(query)]


def revoke_key(session: Session, tenant: str, key_id: int, now: datetime) -> StoredKey:
    """Void a key; it stays in the list. Doing so again changes nothing.

    Raises
    ------
    NotFound : the tenant has no such key.
    """
    is_it = (_K.tenant == tenant, _K.id == key_id)
    connection = session.connection()
    connection.execute(update(API_KEY).where(*is_it, _K.revoked_at.is_(None)).values(revoked_at=now))
    row = connection.execute(select(*_SHOWN).where(*is_it)).first()
    if row is None:
        raise NotFound(f"there is no key with id {key_id}; `vitrine keys list` shows them all", code="key_not_found")
    return _stored(row)


def note_use(session: Session, key_id: int, now: datetime) -> None:
    """Note when a key was last used."""
    session.connection().execute(update(API_KEY).where(_K.id == key_id).values(last_used_at=now))


def _stored(row: Any) -> StoredKey:
    values = row._asdict()
    return StoredKey(**values | {"scopes": tuple(values["scopes"])})
