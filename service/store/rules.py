"""Business rules in SQL: few, in their JSON form, read as a whole."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlmodel import Session

from service.core.errors import Conflict, InvalidQuery, NotFound
from service.store.product_rows import is_storable
from service.store.tables import RULE
from service.store.upsert import lock_for_writing

MAX_RULES = 500


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule as it was given, with its `id` among `data`."""

    id: str
    made_at: datetime
    updated_at: datetime
    data: Mapping[str, Any]


def list_rules(session: Session, tenant: str) -> list[StoredRule]:
    """All of a tenant's rules, by id."""
    query = select(RULE).where(RULE.c.tenant == tenant).order_by(RULE.c.id)
    return [_stored(row) for row in session.connection().execute(query)]


def rules_version(session: Session, tenant: str) -> tuple[tuple[str, datetime], ...]:
    """What changes whenever a rule does; cheaper than reading them."""
    query = select(RULE.c.id, RULE.c.updated_at).where(RULE.c.tenant == tenant).order_by(RULE.c.id)
    return tuple((row.id, row.updated_at) for row in session.connection().execute(query))


def get_rule(session: Session, tenant: str, rule_id: str) -> StoredRule:
    """The rule with this id.

    Raises
    ------
    NotFound : there is none.
    """
    query = select(RULE).where(RULE.c.tenant == tenant, RULE.c.id == rule_id)
    row = session.connection().execute(query).first() if is_storable(rule_id) else None
    if row is None:
        raise NotFound(f"there is no rule with id {rule_id[:100]!r}", code="rule_not_found")
    return _stored(row)


def add_rule(session: Session, tenant: str, data: Mapping[str, Any], *, now: datetime) -> StoredRule:
    """Keep a new rule.

    Raises
    ------
    InvalidQuery : text the database cannot hold.
    Conflict : there is one with this id, or there are as many as there can be.
    """
    check_storable(data)
    lock_for_writing(session)
    connection = session.connection()
    _check_room(session, tenant)
    if connection.execute(_of(select(RULE.c.id), tenant, data["id"])).first() is not None:
        raise Conflict(f"there is a rule with id {data['id']!r} already; PUT replaces it", code="rule_exists")
    connection.execute(insert(RULE).values(tenant=tenant, id=data["id"], made_at=now, updated_at=now, data=dict(data)))
    return get_rule(session, tenant, data["id"])


def put_rule(session: Session, tenant: str, data: Mapping[str, Any], *, now: datetime) -> StoredRule:
    """Keep a rule, replacing the one with this id.

    Raises
    ------
    InvalidQuery : text the database cannot hold.
    Conflict : it is new, and there are as many as there can be.
    """
    check_storable(data)
    lock_for_writing(session)
    changed = _of(update(RULE), tenant, data["id"]).values(updated_at=now, data=dict(data))
    if not session.connection().execute(changed).rowcount:
        return add_rule(session, tenant, data, now=now)
    return get_rule(session, tenant, data["id"])


def delete_rule(session: Session, tenant: str, rule_id: str) -> None:
    """Forget a rule.

    Raises
    ------
    NotFound : there is none with this id.
    """
    get_rule(session, tenant, rule_id)
    session.connection().execute(_of(delete(RULE), tenant, rule_id))


def check_storable(data: Mapping[str, Any]) -> None:
    """Refuse a rule that neither the database nor the index can hold.

    Raises
    ------
    InvalidQuery : a text in it has a NUL byte or half a surrogate pair.
    """
    for text in _texts(data):
        if not is_storable(text):
            raise InvalidQuery(
                f"a rule holds text without NUL bytes and half surrogate pairs, got {text[:100]!a}", code="invalid_rule"
            )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from (*_texts(name), *_texts(inner))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _check_room(session: Session, tenant: str) -> None:
    count = session.connection().execute(select(func.count()).where(RULE.c.tenant == tenant)).scalar()
    if count is not None and count >= MAX_RULES:
        raise Conflict(f"there are {count} rules, as many as there can be; delete some", code="too_many_rules")


def _of(statement: Any, tenant: str, rule_id: str) -> Any:
    return statement.where(RULE.c.tenant == tenant, RULE.c.id == rule_id)


def _stored(row: Any) -> StoredRule:
    return StoredRule(row.id, row.made_at, row.updated_at, row.data)
